import { useQuery } from "@tanstack/react-query";
import { get } from "@/api/call";
import { usePages, type Paged } from "@/api/page";
import type { Person, Profile, TimelineEntry } from "./types";

export { itemsOf } from "@/api/page";

export function usePeople(search: string) {
  return usePages<Person>("/people", { search, limit: 60 });
}

/** A few people for the palette and for pickers. */
export function usePeopleSearch(search: string) {
  const wanted = search.trim();
  return useQuery({
    queryKey: ["people-search", wanted],
    queryFn: () => get<Paged<Person>>("/people", { search: wanted, limit: 6 }),
    enabled: wanted.length > 1,
  });
}

export function usePerson(id: string) {
  return useQuery({ queryKey: ["person", id], queryFn: () => get<Profile>(`/people/${id}`) });
}

/** The timeline pages backwards in time: each page's cursor is its oldest instant. */
export function useTimeline(id: number) {
  return usePages<TimelineEntry>(`/people/${String(id)}/timeline`, { limit: 40 }, { cursor: "before", refetchInterval: 5000 });
}
