import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "@/api/call";
import {
  attributesFindAttributes, contentFindTemplates, consentFindTopics, eventsFindNames, journeysFindJourneys, segmentsArchiveSegment, segmentsChangeList, segmentsCompare, segmentsCount, segmentsCountReady,
  segmentsCreateList, segmentsCreateSegment, segmentsEstimate, segmentsExplain, segmentsFindGrowth, segmentsFindMembers, segmentsFindReady, segmentsFindSegments, segmentsFindUses, segmentsFindValues,
  segmentsGetSegment, segmentsTranslate, segmentsUpdateSegment,
} from "@/api/generated";
import type { AttributeNames, KnownValues } from "@/api/generated";
import { usePages, type Paged } from "@/api/page";
import type { Condition } from "./condition";
import type { About } from "./known";
import type { Count, EventName, Grown, Member, Overlap, ReadySegment, Recheck, Segment, Template, Topic, Unknown, Use, Verdict } from "./types";

export { itemsOf } from "@/api/page";

const LIST = ["segments"];

export function useSegmentList() {
  return useQuery({ queryKey: LIST, queryFn: () => call<Paged<Segment> & { recheck: Recheck | null }>(segmentsFindSegments({ query: { limit: 200 } })), staleTime: 5000 });
}

export function useSegment(id: number) {
  return useQuery({
    queryKey: ["segment", id],
    queryFn: () => call<Segment>(segmentsGetSegment({ path: { segment_id: id } })),
    // A new revision is counted within a second or so.
    refetchInterval: ({ state }) => (state.data?.state === "counting" || state.data?.waiting ? 500 : 5000),
  });
}

export function useTopics() {
  return useQuery({ queryKey: ["topics"], queryFn: () => call<Paged<Topic>>(consentFindTopics()), staleTime: 60_000 });
}

/** The mails there are, by key, each with its names. */
export function useTemplates() {
  return useQuery({ queryKey: ["templates"], queryFn: () => call<Paged<Template>>(contentFindTemplates()), staleTime: 60_000 });
}

/** The journeys there are, by key, each with its names. */
export function useJourneyNames() {
  return useQuery({ queryKey: ["journey-names"], queryFn: () => call<Paged<Template>>(journeysFindJourneys({ query: { limit: 200 } })), staleTime: 60_000 });
}

/** The names that events have so far, each with its properties. */
export function useEventNames() {
  return useQuery({ queryKey: ["event-names"], queryFn: () => call<Paged<EventName>>(eventsFindNames()), staleTime: 60_000 });
}

/** So many values are offered at once. */
const OFFERED = 30;

/** Known values: the commonest, or where there are more than these, those that have `search` in them. */
export function useKnown(about: About | null, search: string): KnownValues | undefined {
  const key = ["known-values", about];
  const ask = (words: string) => call<KnownValues>(segmentsFindValues({ query: { kind: about?.kind ?? "attribute", name: about?.name ?? "", property: about?.property ?? "", search: words } }));
  const all = useQuery({ queryKey: key, queryFn: () => ask(""), enabled: about !== null, staleTime: 60_000, retry: false }).data;
  const isMore = about !== null && search !== "" && all !== undefined && all.items.length >= OFFERED;
  const some = useQuery({ queryKey: [...key, search], queryFn: () => ask(search.slice(0, 60)), enabled: isMore, staleTime: 60_000, retry: false, placeholderData: keepPreviousData }).data;
  return isMore ? some ?? all : all;
}

/** What is known about people, by name. */
export function useAttributes() {
  return useQuery({ queryKey: ["attributes"], queryFn: () => call<AttributeNames>(attributesFindAttributes()), staleTime: 60_000 });
}

/** Names the place where somebody edits: its next question gives up the one before. */
const makeDraft = () => Math.random().toString(36).slice(2);

/** How many a condition finds: estimated first where counting takes long. The number before stays in sight until the new one is there. */
export function useCount(tree: Condition | undefined, version?: number) {
  const client = useQueryClient();
  const [draft] = useState(makeDraft);
  return useQuery({
    queryKey: ["count", tree, version],
    queryFn: async ({ queryKey, signal }) => {
      const body = { tree: { ...tree }, draft };
      if (!client.getQueryData(queryKey)) {
        const estimated = await call<Count>(segmentsEstimate({ body, signal }));
        if (estimated.exact) return estimated;
        client.setQueryData(queryKey, estimated);
      }
      return call<Count>(segmentsCount({ body, signal }));
    },
    enabled: tree !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 3000,
    refetchInterval: ({ state }) => (state.error ? false : 15_000),
  });
}

export function useMembers(segment: Segment) {
  return usePages<Member>(
    ["segment-members", segment.id, segment.as_of, segment.count, segment.waiting],
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

/** As many lines of a file as one request may carry. */
const LINES = 20_000;

/** What asks for a segment: other segments, and journeys. */
export function useUses(id: number) {
  return useQuery({ queryKey: ["segment-uses", id], queryFn: () => call<Paged<Use>>(segmentsFindUses({ path: { segment_id: id } })) });
}

export function useArchive(id: number, done: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => call(segmentsArchiveSegment({ path: { segment_id: id } })),
    onSuccess: async () => {
      done();
      client.removeQueries({ queryKey: ["segment", id] });
      await client.invalidateQueries({ queryKey: LIST });
      await client.invalidateQueries({ queryKey: ["ready-segments"] });
    },
  });
}

export function useGrowth(segment: Pick<Segment, "id" | "count">, days: number) {
  return useQuery({
    queryKey: ["segment-growth", segment.id, days, segment.count],
    queryFn: () => call<{ days: Grown[] }>(segmentsFindGrowth({ path: { segment_id: segment.id }, query: { days } })),
    placeholderData: (previous) => previous,
  });
}

export function useOverlap(ids: number[]) {
  return useQuery({
    queryKey: ["overlap", ids],
    queryFn: () => call<Overlap>(segmentsCompare({ query: { ids } })),
    enabled: ids.length > 1,
    placeholderData: (previous) => previous,
  });
}

export function useReadySegments() {
  return useQuery({ queryKey: ["ready-segments"], queryFn: () => call<Paged<ReadySegment>>(segmentsFindReady()) });
}

/** How many people each ready segment would have: slower than the list itself. */
export function useReadyCounts() {
  return useQuery({ queryKey: ["ready-counts"], queryFn: () => call<{ counts: Record<string, number> }>(segmentsCountReady()), staleTime: 30_000 });
}

export function useMakeList(done: (made: Segment) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => call<Segment>(segmentsCreateList({ body: { name } })),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: LIST });
      done(made);
    },
  });
}

export function useRename(id: number, done: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => call<Segment>(segmentsUpdateSegment({ path: { segment_id: id }, body: { name } })),
    onSuccess: async (saved) => {
      client.setQueryData(["segment", id], saved);
      await client.invalidateQueries({ queryKey: LIST });
      done();
    },
  });
}

export interface Round {
  belongs: boolean;
  person_ids?: number[];
  lines?: string[];
}

export interface Told {
  found: number;
  unknown: Unknown[];
}

/** Put people into a list or take them out; a long file goes in parts, its lines keep their numbers. */
async function changeList(segment_id: number, { belongs, person_ids = [], lines = [] }: Round): Promise<Told> {
  const told: Told = { found: 0, unknown: [] };
  for (let start = 0; start === 0 || start < lines.length; start += LINES) {
    const body = { belongs, person_ids: start === 0 ? person_ids : [], lines: lines.slice(start, start + LINES), first_line: start + 1 };
    const part = await call<Told>(segmentsChangeList({ path: { segment_id }, body }));
    told.found += part.found;
    told.unknown.push(...part.unknown);
  }
  return told;
}

export function useChangeList(id: number, done: (told: Told) => void = () => undefined) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (round: Round) => changeList(id, round),
    onSuccess: async (told) => {
      done(told);
      await client.invalidateQueries({ queryKey: ["segment", id] });
    },
  });
}

interface Said {
  tree: Condition;
  text: string;
}

/** Conditions as text (docs/guide/segments.md). */
export function useText(tree: Condition) {
  return useQuery({ queryKey: ["segment-text", tree], queryFn: () => call<Said>(segmentsTranslate({ body: { tree: { ...tree } } })), staleTime: Infinity });
}

export function useReadText(done: (tree: Condition) => void) {
  return useMutation({
    mutationFn: (text: string) => call<Said>(segmentsTranslate({ body: { text } })),
    onSuccess: ({ tree }) => { done(tree); },
  });
}
