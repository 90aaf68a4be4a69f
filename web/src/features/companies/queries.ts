import { useQuery } from "@tanstack/react-query";
import { call } from "@/api/call";
import { companiesFindMemberships } from "@/api/generated";
import type { Paged } from "@/api/page";

/** A company that somebody is in. */
export interface Membership {
  id: number;
  key: string;
  attributes: Record<string, unknown>;
  since: string;
}

export function useMemberships(personId: number) {
  return useQuery({ queryKey: ["companies-of", personId], queryFn: () => call<Paged<Membership>>(companiesFindMemberships({ path: { person_id: personId } })) });
}
