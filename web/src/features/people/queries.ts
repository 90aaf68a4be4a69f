import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  consentFindProofs, eventsFindTimeline, peopleErasePerson, peopleFindChanges, peopleFindDuplicates, peopleFindErasures, peopleFindPeople, peopleGetDuplicateSearch,
  peopleGetPerson, peopleGetPortrait, peopleJoinDuplicates, peopleSearchDuplicates, peopleTellDuplicatesApart, peopleUndoMerge,
} from "@/api/generated";
import { usePages, type Paged } from "@/api/page";
import type { Change, Duplicate, DuplicateSearch, Erasure, Person, Portrait, Profile, Proof, TimelineEntry, Unmerged } from "./types";

export { itemsOf } from "@/api/page";

export function usePeople(search: string) {
  return usePages<Person, string>(["people", search], (after) => peopleFindPeople({ query: { search, after, limit: 60 } }));
}

/** A few people for the palette and for pickers. */
export function usePeopleSearch(search: string) {
  const wanted = search.trim();
  return useQuery({
    queryKey: ["people-search", wanted],
    queryFn: () => call<Paged<Person>>(peopleFindPeople({ query: { search: wanted, limit: 6 } })),
    enabled: wanted.length > 1,
  });
}

export function usePerson(id: number) {
  return useQuery({ queryKey: ["person", id], queryFn: () => call<Profile>(peopleGetPerson({ path: { person_id: id } })) });
}

/** What changed about a person, newest first; of one name, or all. */
export function useChanges(id: number, name: string) {
  return usePages<Change>(["changes", id, name], (before) => peopleFindChanges({ path: { person_id: id }, query: { before, limit: 12, name: name || undefined } }));
}

/** The person as they were known at an instant. */
export function usePortrait(id: number, at: string | null) {
  return useQuery({
    queryKey: ["portrait", id, at],
    queryFn: () => call<Portrait>(peopleGetPortrait({ path: { person_id: id }, query: { at: at ?? "" } })),
    enabled: at !== null,
  });
}

/** The proof log of a person's consent, newest first. */
export function useProofs(id: number) {
  return useQuery({ queryKey: ["proofs", id], queryFn: () => call<Paged<Proof>>(consentFindProofs({ path: { person_id: id } })) });
}

/** The timeline pages backwards in time: each page's cursor is its oldest instant. */
export function useTimeline(id: number) {
  return usePages<TimelineEntry, string>(
    ["timeline", id],
    (before) => eventsFindTimeline({ path: { person_id: id }, query: { before, limit: 40 } }),
    { refetchInterval: 5000 },
  );
}

export function useErase(done: () => Promise<void>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => call<Erasure>(peopleErasePerson({ path: { person_id: id } })),
    onSuccess: async () => {
      await done();
      // Nothing about them may stay in this browser either.
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "me" });
    },
  });
}

/** Requests to be forgotten, newest first, and how far each has come. */
export function useErasures() {
  return usePages<Erasure>(["erasures"], (after) => peopleFindErasures({ query: { after, limit: 50 } }), { refetchInterval: 5000 });
}

export function useUndoMerge(done: (undone: Unmerged) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => call<Unmerged>(peopleUndoMerge({ path: { merge_id: id } })),
    onSuccess: async (undone) => {
      await Promise.all([["people"], ["person"], ["timeline"], ["changes"]].map((queryKey) => client.invalidateQueries({ queryKey })));
      done(undone);
    },
  });
}

/** Pairs that nobody has decided about, the surest first. */
export function useDuplicates() {
  return usePages<Duplicate, string>(["duplicates"], (after) => peopleFindDuplicates({ query: { after, limit: 20 } }));
}

export function useDuplicateSearch() {
  return useQuery({
    queryKey: ["duplicate-search"],
    queryFn: () => call<{ search: DuplicateSearch | null }>(peopleGetDuplicateSearch()),
    refetchInterval: ({ state }) => (state.data?.search?.finished_at === null ? 800 : false),
  });
}

export function useSearchDuplicates() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => call<{ search: DuplicateSearch | null }>(peopleSearchDuplicates()),
    onSuccess: (found) => { client.setQueryData(["duplicate-search"], found); },
  });
}

function useDecided() {
  const client = useQueryClient();
  return () => Promise.all([["duplicates"], ["duplicate-search"], ["people"], ["person"]].map((queryKey) => client.invalidateQueries({ queryKey })));
}

export function useJoin(done: () => void) {
  const decided = useDecided();
  return useMutation({
    mutationFn: ({ id, ...body }: { id: number; survivor_id: number; take: string[] }) => call<{ person_id: number }>(peopleJoinDuplicates({ path: { pair_id: id }, body })),
    onSuccess: async () => {
      await decided();
      done();
    },
  });
}

export function useTellApart() {
  const decided = useDecided();
  return useMutation({ mutationFn: (id: number) => call<unknown>(peopleTellDuplicatesApart({ path: { pair_id: id } })), onSuccess: decided });
}
