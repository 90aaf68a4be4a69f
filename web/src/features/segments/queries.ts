import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  attributesFindAttributes, consentFindTopics, eventsFindNames, segmentsCount, segmentsCreateSegment, segmentsExplain, segmentsFindMembers, segmentsFindSegments,
  segmentsGetSegment, segmentsUpdateSegment,
} from "@/api/generated";
import type { AttributeNames } from "@/api/generated";
import { usePages, type Paged } from "@/api/page";
import type { Condition } from "./condition";
import type { Count, EventName, Member, Segment, Topic, Verdict } from "./types";

export { itemsOf } from "@/api/page";

const LIST = ["segments"];

export function useSegmentList() {
  return useQuery({ queryKey: LIST, queryFn: () => call<Paged<Segment>>(segmentsFindSegments({ query: { limit: 200 } })), staleTime: 5000 });
}

export function useSegment(id: number) {
  return useQuery({
    queryKey: ["segment", id],
    queryFn: () => call<Segment>(segmentsGetSegment({ path: { segment_id: id } })),
    // A new revision is counted within a second or so.
    refetchInterval: ({ state }) => (state.data?.state === "counting" ? 500 : 5000),
  });
}

export function useTopics() {
  return useQuery({ queryKey: ["topics"], queryFn: () => call<Paged<Topic>>(consentFindTopics()), staleTime: 60_000 });
}

/** The names that events have so far, each with its properties. */
export function useEventNames() {
  return useQuery({ queryKey: ["event-names"], queryFn: () => call<Paged<EventName>>(eventsFindNames()), staleTime: 60_000 });
}

/** What is known about people, by name, with values to choose from. */
export function useAttributes() {
  return useQuery({ queryKey: ["attributes"], queryFn: () => call<AttributeNames>(attributesFindAttributes()), staleTime: 60_000 });
}

/** How many a condition finds; the number before stays in sight until the new one is there. */
export function useCount(tree: Condition | undefined) {
  return useQuery({
    queryKey: ["count", tree],
    queryFn: () => call<Count>(segmentsCount({ body: { tree: { ...tree } } })),
    enabled: tree !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 3000,
    refetchInterval: ({ state }) => (state.error ? false : 15_000),
  });
}

export function useMembers(segment: Segment) {
  return usePages<Member>(
    ["segment-members", segment.id, segment.as_of],
    (after) => segmentsFindMembers({ path: { segment_id: segment.id }, query: { after, limit: 10 } }),
  );
}

/** Each rule's verdict on one person, and the value that decided it. */
export function useExplain(segment_id: number, person_id: number) {
  return useQuery({
    queryKey: ["explain", segment_id, person_id],
    queryFn: () => call<Verdict>(segmentsExplain({ body: { segment_id, person_id } })),
  });
}

export function useSaveSegment(done: (segment: Segment) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, name, tree }: { id?: number; name: string; tree: Condition }) => {
      const body = { name, tree: { ...tree } };
      return call<Segment>(id === undefined ? segmentsCreateSegment({ body }) : segmentsUpdateSegment({ path: { segment_id: id }, body }));
    },
    onSuccess: async (saved) => {
      client.setQueryData(["segment", saved.id], saved);
      await client.invalidateQueries({ queryKey: LIST });
      await client.invalidateQueries({ queryKey: ["segment-members", saved.id] });
      done(saved);
    },
  });
}
