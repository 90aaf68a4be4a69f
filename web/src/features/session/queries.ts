import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import * as auth from "@/api/auth";
import { call } from "@/api/call";
import { demoClear, demoFill, sessionIsSetupOpen, sessionMe, sessionSetUp } from "@/api/generated";
import type { FirstOwner, Me as Answer } from "@/api/generated";
import { problemOf } from "@/api/problem";
import type { Me, SetupState } from "./types";

export { hasPasskeys } from "@/api/passkey";

async function readMe(): Promise<Me> {
  try {
    const { user, ...answer } = await call<Answer>(sessionMe());
    // Only a key has no user, and no browser shows one.
    return user ? { state: "in", user, ...answer } : { state: "out" };
  } catch (error) {
    if (problemOf(error).status !== 401) throw error;
    return (await call<SetupState>(sessionIsSetupOpen())).open ? { state: "setup" } : { state: "out" };
  }
}

export const ME = ["me"];

/** Who is here. Asked again now and then, as the answer also carries the server's clock. */
export function useMe() {
  return useQuery({ queryKey: ME, queryFn: readMe, refetchInterval: 20_000 });
}

/** Is the first owner still to be made, and can users be written to? */
export function useSetupState() {
  return useQuery({ queryKey: ["setup"], queryFn: () => call<SetupState>(sessionIsSetupOpen()), staleTime: 60_000 });
}

export function useRequestReset() {
  return useMutation({ mutationFn: auth.requestReset });
}

export function useResetKey(key: string) {
  return useQuery({ queryKey: ["reset", key], queryFn: () => auth.readResetKey(key), staleTime: Infinity, retry: false });
}

export function useNewPassword(key: string) {
  return useMutation({ mutationFn: (password: string) => auth.setNewPassword(key, password) });
}

export function useSignIn(done: (result: auth.SignIn) => void) {
  return useMutation({
    mutationFn: (given: { email: string; password: string }) => auth.signIn(given.email, given.password),
    onSuccess: done,
  });
}

export function useGiveCode(done: () => void) {
  return useMutation({ mutationFn: auth.giveCode, onSuccess: done });
}

export function usePasskeySignIn(done: () => void) {
  return useMutation({ mutationFn: auth.signInByPasskey, onSuccess: done });
}

/** First run: the owner, then (if wanted) the sample shop, in one go. */
export function useSetup(done: () => void) {
  return useMutation({
    mutationFn: async ({ owner, sample }: { owner: FirstOwner; sample: boolean }) => {
      await call(sessionSetUp({ body: owner }));
      if (sample) await call(demoFill());
    },
    onSuccess: done,
  });
}

/** The sample shop for a workspace that was begun empty. */
export function useFillSample() {
  const client = useQueryClient();
  return useMutation({ mutationFn: () => call(demoFill()), onSuccess: () => client.invalidateQueries() });
}

export function useRemoveSample(done: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => call(demoClear()),
    onSuccess: async () => {
      await client.invalidateQueries();
      done();
    },
  });
}
