import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import * as auth from "@/api/auth";
import { call } from "@/api/call";
import {
  accountsAddMember, accountsAllowEvents, accountsCreateKey, accountsFindAudit, accountsFindKeys, accountsFindMembers, accountsRemoveMember, accountsRevokeKey,
  accountsSetRole, accountsUpdateWorkspace, attributesFindAttributes, eventsFindNames,
} from "@/api/generated";
import type { NewKey as KeyRequest, NewMember as MemberRequest, RoleChange, WorkspaceChange } from "@/api/generated";
import { usePages, type Paged } from "@/api/page";
import { ME } from "@/features/session/queries";
import type { AuditEntry, Key, Member, NewKey, NewMember } from "./types";

export { itemsOf } from "@/api/page";
export { hasPasskeys } from "@/api/passkey";
export type { Authenticator } from "@/api/auth";

const KEYS = ["keys"];
const MEMBERS = ["members"];
const SECURITY = ["authenticators"];

/** A write that makes these lists be asked again. */
function useWrite<Given, Answer>(write: (given: Given) => Promise<Answer>, keys: string[][], done?: (answer: Answer) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: write,
    onSuccess: async (answer: Answer) => {
      done?.(answer);
      await Promise.all(keys.map((queryKey) => client.invalidateQueries({ queryKey })));
    },
  });
}

export function useChangeWorkspace(done: () => void) {
  return useWrite((change: WorkspaceChange) => call(accountsUpdateWorkspace({ body: change })), [ME], done);
}

export function useKeys() {
  return useQuery({ queryKey: KEYS, queryFn: () => call<Paged<Key>>(accountsFindKeys()) });
}

export function useCreateKey(done: (key: NewKey) => void) {
  return useWrite((key: KeyRequest) => call<NewKey>(accountsCreateKey({ body: key })), [KEYS], done);
}

export function useAllowEvents(done: () => void) {
  return useWrite(({ id, events }: { id: number; events: string[] }) => call(accountsAllowEvents({ path: { key_id: id }, body: { events } })), [KEYS], done);
}

export function useEventNames() {
  return useQuery({ queryKey: ["event-names"], queryFn: () => call<Paged<{ name: string }>>(eventsFindNames()), staleTime: 60_000 });
}

export function useAttributeNames() {
  return useQuery({ queryKey: ["attribute-names"], queryFn: () => call<Paged<{ name: string }>>(attributesFindAttributes()), staleTime: 60_000 });
}

export function useRevokeKey() {
  return useWrite((id: number) => call(accountsRevokeKey({ path: { key_id: id } })), [KEYS]);
}

export function useMembers() {
  return useQuery({ queryKey: MEMBERS, queryFn: () => call<Paged<Member>>(accountsFindMembers()) });
}

export function useAddMember(done: (member: NewMember) => void) {
  return useWrite((member: MemberRequest) => call<NewMember>(accountsAddMember({ body: member })), [MEMBERS], done);
}

export function useSetRole() {
  return useWrite(({ id, role }: { id: number } & RoleChange) => call(accountsSetRole({ path: { user_id: id }, body: { role } })), [MEMBERS]);
}

export function useRemoveMember() {
  return useWrite(
    (gone: { id: number; keepKeys: boolean }) => call(accountsRemoveMember({ path: { user_id: gone.id }, query: { keep_keys: gone.keepKeys } })),
    [MEMBERS, KEYS],
  );
}

export function useAudit() {
  return usePages<AuditEntry>(["audit"], (after) => accountsFindAudit({ query: { after, limit: 50 } }));
}

export function useAuthenticators() {
  return useQuery({ queryKey: SECURITY, queryFn: auth.findAuthenticators });
}

export function useNewTotp(wanted: boolean) {
  return useQuery({ queryKey: ["totp"], queryFn: auth.newTotp, enabled: wanted, staleTime: Infinity, gcTime: 0 });
}

export function useConfirmPassword(done: () => void) {
  return useWrite(auth.confirmPassword, [], done);
}

export function useAddTotp(done: (codes: string[]) => void) {
  return useWrite(async (code: string) => {
    await auth.addTotp(code);
    return auth.recoveryCodes();
  }, [SECURITY], done);
}

export function useRemoveTotp() {
  return useWrite(() => auth.removeTotp(), [SECURITY]);
}

export function useAddPasskey(done: () => void) {
  return useWrite(auth.addPasskey, [SECURITY], done);
}

export function useRemovePasskey() {
  return useWrite(auth.removePasskey, [SECURITY]);
}

export function useChangePassword(done: () => void) {
  return useWrite((given: { old: string; fresh: string }) => auth.changePassword(given.old, given.fresh), [], done);
}
