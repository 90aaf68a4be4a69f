import { useQuery } from "@tanstack/react-query";
import { call } from "@/api/call";
import { companiesFindCompanies, companiesFindMemberships, companiesFindPeople, companiesGetCompany } from "@/api/generated";
import { usePages, type Paged } from "@/api/page";

export { itemsOf } from "@/api/page";

/** A company; its name, when it has one, is among the attributes. */
export interface Company {
  id: number;
  key: string;
  attributes: Record<string, unknown>;
  created_at: string;
  people: number;
}

/** A company that somebody is in. */
export interface Membership {
  id: number;
  key: string;
  attributes: Record<string, unknown>;
  since: string;
}

/** What to call a company: its name, else the id that the shop gave it. */
export function titleOf({ key, attributes: { name } }: Pick<Company, "key" | "attributes">): string {
  return typeof name === "string" && name.trim() ? name : key;
}

export function useMemberships(personId: number) {
  return useQuery({ queryKey: ["companies-of", personId], queryFn: () => call<Paged<Membership>>(companiesFindMemberships({ path: { person_id: personId } })) });
}

/** Companies, the newest first; `search` is how a name or an id begins. */
export function useCompanies(search: string) {
  return usePages<Company>(["companies", search], (after) => companiesFindCompanies({ query: { search, after, limit: 50 } }));
}

export function useCompany(id: number) {
  return useQuery({ queryKey: ["company", id], queryFn: () => call<Company>(companiesGetCompany({ path: { company_id: id } })) });
}

/** Who is in a company today. */
export function useMembers(id: number) {
  return usePages<{ person_id: number }>(["members", id], (after) => companiesFindPeople({ path: { company_id: id }, query: { after, limit: 20 } }));
}
