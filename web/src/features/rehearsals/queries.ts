import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  journeysRehearsingCancelRehearsal, journeysRehearsingCreateRehearsal, journeysRehearsingDeleteRehearsal, journeysRehearsingFindRehearsals, journeysRehearsingGetRehearsal,
} from "@/api/generated";
import { usePages } from "@/api/page";
import type { Rehearsal, RehearsalRow, Wanted } from "./types";

export { itemsOf } from "@/api/page";

export function useRehearsals(journey: string | null) {
  return usePages<RehearsalRow>(["rehearsals", journey], (after) => journeysRehearsingFindRehearsals({ query: { journey, after, limit: 20 } }), { refetchInterval: 3000 });
}

export function isOver({ state }: RehearsalRow): boolean {
  return state !== "waiting" && state !== "running";
}

/** One rehearsal, looked at every second while it is performed. */
export function useRehearsal(id: number) {
  return useQuery({
    queryKey: ["rehearsal", id],
    queryFn: () => call<Rehearsal>(journeysRehearsingGetRehearsal({ path: { rehearsal_id: id } })),
    refetchInterval: ({ state }) => (state.data && isOver(state.data) ? false : 1000),
  });
}

export function useCreate(done: (id: number) => void) {
  return useMutation({
    mutationFn: (wanted: Wanted) => call<{ id: number }>(journeysRehearsingCreateRehearsal({ body: { ...wanted, graph: wanted.graph as unknown as Record<string, unknown> | undefined } })),
    onSuccess: ({ id }) => { done(id); },
  });
}

export function useCancel(id: number) {
  const client = useQueryClient();
  return useMutation({ mutationFn: () => call(journeysRehearsingCancelRehearsal({ path: { rehearsal_id: id } })), onSuccess: () => client.invalidateQueries({ queryKey: ["rehearsal", id] }) });
}

export function useForget(id: number, done: () => void) {
  return useMutation({ mutationFn: () => call(journeysRehearsingDeleteRehearsal({ path: { rehearsal_id: id } })), onSuccess: done });
}
