import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  deliveryDomainsCheckDomain, deliveryDomainsCreateDomain, deliveryDomainsDeleteDomain, deliveryDomainsFindDomains, deliverySendersChangeSender, deliverySendersCreateSender,
  deliverySendersDeleteSender, deliverySendersFindKinds, deliverySendersFindSenders, deliverySendersPauseSender, deliverySendersReleaseMessages, deliverySendersResumeSender,
  deliverySendersSetOrder, deliverySendersTestSender,
} from "@/api/generated";
import type { Domain, SenderKind, Senders, SenderWanted, Tried } from "./types";

const SENDERS = ["senders"];
const DOMAINS = ["domains"];

export function useSenders() {
  return useQuery({ queryKey: SENDERS, queryFn: () => call<Senders>(deliverySendersFindSenders()), refetchInterval: 15_000 });
}

export function useKinds() {
  return useQuery({ queryKey: [...SENDERS, "kinds"], queryFn: () => call<{ items: SenderKind[] }>(deliverySendersFindKinds()), staleTime: Infinity });
}

export function useDomains() {
  return useQuery({ queryKey: DOMAINS, queryFn: () => call<{ items: Domain[] }>(deliveryDomainsFindDomains()) });
}

/** Senders say which records a domain should have, so both are asked for again. */
function useWrite<Given>(write: (given: Given) => Promise<unknown>, done?: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: write,
    onSuccess: async () => {
      done?.();
      await Promise.all([client.invalidateQueries({ queryKey: SENDERS }), client.invalidateQueries({ queryKey: DOMAINS })]);
    },
  });
}

export function useSaveSender(id: number | undefined, done: () => void) {
  return useWrite((body: SenderWanted) => (id === undefined ? call(deliverySendersCreateSender({ body })) : call(deliverySendersChangeSender({ path: { sender_id: id }, body }))), done);
}

export function usePauseSender(id: number) {
  return useWrite((pause: boolean) => (pause ? call(deliverySendersPauseSender({ path: { sender_id: id } })) : call(deliverySendersResumeSender({ path: { sender_id: id } }))));
}

export function useDropSender(id: number) {
  return useWrite(() => call(deliverySendersDeleteSender({ path: { sender_id: id } })));
}

export function useOrder() {
  return useWrite((ids: number[]) => call(deliverySendersSetOrder({ body: { ids } })));
}

export function useTestSender(id: number) {
  return useMutation({ mutationFn: (to: string) => call<Tried>(deliverySendersTestSender({ path: { sender_id: id }, body: { to } })) });
}

export function useRelease() {
  return useWrite(() => call(deliverySendersReleaseMessages({ body: { ids: null } })));
}

export function useMakeKeys(done?: () => void) {
  return useWrite((domain: string) => call(deliveryDomainsCreateDomain({ body: { domain } })), done);
}

export function useCheckDomain(domain: string) {
  return useWrite(() => call(deliveryDomainsCheckDomain({ path: { domain } })));
}

export function useDropDomain(domain: string) {
  return useWrite(() => call(deliveryDomainsDeleteDomain({ path: { domain } })));
}
