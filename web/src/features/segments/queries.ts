import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, send } from "@/api/call";
import { usePages, type Paged } from "@/api/page";
import type { Condition } from "./condition";
import type { Count, Member, Segment, Topic, Verdict } from "./types";

export { itemsOf } from "@/api/page";

const LIST = ["segments"];

export function useSegmentList() {
  return useQuery({ queryKey: LIST, queryFn: () => get<Paged<Segment>>("/segments", { limit: 200 }), staleTime: 5000 });
}

export function useSegment(id: string) {
  return useQuery({
    queryKey: ["segment", id],
    queryFn: () => get<Segment>(`/segments/${id}`),
    // A new revision is counted within a second or so.
    refetchInterval: ({ state }) => (state.data?.state === "counting" ? 500 : 5000),
  });
}

export function useTopics() {
  return useQuery({ queryKey: ["topics"], queryFn: () => get<Paged<Topic>>("/topics"), staleTime: 60_000 });
}

/** How many a condition finds; the number before stays in sight until the new one is there. */
export function useCount(tree: Condition | undefined) {
  return useQuery({
    queryKey: ["count", tree],
    queryFn: () => send<Count>("POST", "/segments/count", { tree }),
    enabled: tree !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 3000,
    refetchInterval: 15_000,
  });
}

export function useMembers(segment: Segment, lang: string) {
  return usePages<Member>(`/segments/${String(segment.id)}/members`, { limit: 10, lang, as_of: segment.as_of });
}

/** Each rule's verdict on one person, and the value that decided it. */
export function useExplain(segment_id: number, person_id: number, lang: string) {
  return useQuery({
    queryKey: ["explain", segment_id, person_id, lang],
    queryFn: () => send<Verdict>("POST", `/segments/explain?lang=${lang}`, { segment_id, person_id }),
  });
}

export function useSaveSegment(done: (segment: Segment) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, name, tree }: { id?: number; name?: string; tree?: Condition }) =>
      id === undefined ? send<Segment>("POST", "/segments", { name, tree }) : send<Segment>("PATCH", `/segments/${String(id)}`, { name, tree }),
    onSuccess: async (saved) => {
      client.setQueryData(["segment", String(saved.id)], saved);
      await client.invalidateQueries({ queryKey: LIST });
      await client.invalidateQueries({ queryKey: [`/segments/${String(saved.id)}/members`] });
      done(saved);
    },
  });
}

export function useDeleteSegment(done: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => send("DELETE", `/segments/${String(id)}`),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: LIST });
      done();
    },
  });
}
