import { useQuery } from "@tanstack/react-query";
import { call } from "@/api/call";
import { consentFindProofs, eventsFindTimeline, peopleFindPeople, peopleGetPerson } from "@/api/generated";
import { usePages, type Paged } from "@/api/page";
import type { Person, Profile, Proof, TimelineEntry } from "./types";

export { itemsOf } from "@/api/page";

export function usePeople(search: string) {
  return usePages<Person>(["people", search], (after) => peopleFindPeople({ query: { search, after, limit: 60 } }));
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
