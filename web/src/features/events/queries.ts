import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  attributesFindAttributes, eventsCountRejects, eventsFindNames, eventsFindRejects, eventsGetName, eventsResubmit, eventsResubmitAll, eventsSetKeep, eventsSetRules,
  usesFindAttributeUses, usesFindEventUses, type AttributeNames, type Reason, type Uses,
} from "@/api/generated";
import { usePages, type Paged } from "@/api/page";
import type { EventName, EventPage, Mode, Reject, Resent } from "./types";

export { itemsOf } from "@/api/page";
export type { AttributeName, OneUse as Use, Reason } from "@/api/generated";

const REJECTS = ["rejects"];

export function useEvents() {
  return useQuery({ queryKey: ["events"], queryFn: () => call<Paged<EventName>>(eventsFindNames()), refetchInterval: 10_000 });
}

export function useEvent(name: string) {
  return useQuery({ queryKey: ["events", name], queryFn: () => call<EventPage>(eventsGetName({ query: { name } })), refetchInterval: 10_000 });
}

export function useEventUses(name: string) {
  return useQuery({ queryKey: ["event-uses", name], queryFn: () => call<Uses>(usesFindEventUses({ query: { name } })) });
}

export function useAttributeNames() {
  return useQuery({ queryKey: ["attributes"], queryFn: () => call<AttributeNames>(attributesFindAttributes()) });
}

export function useAttributeUses(name: string, enabled: boolean) {
  return useQuery({ queryKey: ["attribute-uses", name], queryFn: () => call<Uses>(usesFindAttributeUses({ query: { name } })), enabled });
}

export function useSetRules(name: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (given: { rules: Record<string, unknown> | null; mode: Mode }) => call<EventName>(eventsSetRules({ query: { name }, body: given })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["events"] }),
  });
}

export function useSetKeep(name: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (days: number | null) => call<EventName>(eventsSetKeep({ query: { name }, body: { days } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["events"] }),
  });
}

export function useRejectCounts() {
  return useQuery({
    queryKey: [...REJECTS, "count"],
    queryFn: () => call<Paged<{ reason: Reason; count: number }> & { gone: { count: number; last_at: string } | null }>(eventsCountRejects()),
    refetchInterval: 5000,
  });
}

export function useRejects(reason: Reason | undefined, search: string) {
  return usePages<Reject>([...REJECTS, reason, search], (after) => eventsFindRejects({ query: { reason, search, after, limit: 40 } }), { refetchInterval: 5000 });
}

/** Sends one refused message again; `message` = as it should have been. */
export function useResubmit() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, message }: { id: number; message: Record<string, unknown> | null }) => call(eventsResubmit({ path: { reject_id: id }, body: { message } })),
    onSuccess: () => client.invalidateQueries({ queryKey: REJECTS }),
  });
}

export function useResubmitAll() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (reason: Reason) => call<Resent>(eventsResubmitAll({ body: { reason } })),
    onSuccess: () => client.invalidateQueries({ queryKey: REJECTS }),
  });
}
