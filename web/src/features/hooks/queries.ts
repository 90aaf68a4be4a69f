import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  eventsFindNames, hooksChangeHook, hooksCreateHook, hooksDeleteHook, hooksFindBodies, hooksFindHooks, hooksGetHook, hooksMapAgain, hooksRotate, hooksSend, hooksSetSignature,
  hooksTryMapping, type HookChange, type NewSignature,
} from "@/api/generated";
import type { Paged } from "@/api/page";
import { contentTypeOf } from "./sample";
import type { Addressed, Body, Hook, Sample, Trial } from "./types";

const HOOKS = ["hooks"];
const SHOWN = 20;

export function useHooks() {
  return useQuery({ queryKey: HOOKS, queryFn: () => call<Paged<Hook>>(hooksFindHooks()), refetchInterval: 5000 });
}

export function useHook(id: number) {
  return useQuery({ queryKey: [...HOOKS, id], queryFn: () => call<Hook>(hooksGetHook({ path: { hook_id: id } })), refetchInterval: 3000 });
}

export function useBodies(id: number) {
  return useQuery({
    queryKey: [...HOOKS, id, "bodies"],
    queryFn: () => call<Paged<Body>>(hooksFindBodies({ path: { hook_id: id }, query: { limit: SHOWN } })),
    refetchInterval: 3000,
  });
}

export type Bodies = ReturnType<typeof useBodies>;

/** What the mapping makes of a body, asked again as it is written. */
export function useTrial(id: number, given: { items: string; mapping: string; sample: Sample }) {
  const { items, mapping, sample } = given;
  return useQuery({
    queryKey: ["hook-trial", id, items, mapping, sample.body, sample.headers],
    queryFn: () => call<Trial>(hooksTryMapping({
      path: { hook_id: id }, body: { items, mapping, body: sample.body, headers: sample.headers, content_type: contentTypeOf(sample) },
    })),
    enabled: mapping.trim() !== "" && sample.body.trim() !== "",
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    retry: false,
  });
}

export function useKnownEvents() {
  return useQuery({ queryKey: ["event-names"], queryFn: () => call<Paged<{ name: string }>>(eventsFindNames()), staleTime: 60_000 });
}

/** A write after which the lists are asked again. */
function useWrite<Given, Answer>(write: (given: Given) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: write, onSuccess: () => client.invalidateQueries({ queryKey: HOOKS }) });
}

export function useCreateHook() {
  return useWrite((name: string) => call<Addressed>(hooksCreateHook({ body: { name } })));
}

export function useChangeHook(id: number) {
  return useWrite((change: HookChange) => call<Hook>(hooksChangeHook({ path: { hook_id: id }, body: change })));
}

export function useSetSignature(id: number) {
  return useWrite((given: NewSignature) => call<Hook>(hooksSetSignature({ path: { hook_id: id }, body: given })));
}

export function useRotate(id: number) {
  return useWrite(() => call<Addressed>(hooksRotate({ path: { hook_id: id } })));
}

export function useDeleteHook(id: number) {
  return useWrite(() => call(hooksDeleteHook({ path: { hook_id: id } })));
}

export function useSend(id: number) {
  return useWrite((sample: Sample) => call(hooksSend({ path: { hook_id: id }, body: { body: sample.body, content_type: contentTypeOf(sample) } })));
}

export function useMapAgain(id: number) {
  return useWrite(() => call<{ waiting: number }>(hooksMapAgain({ path: { hook_id: id } })));
}
