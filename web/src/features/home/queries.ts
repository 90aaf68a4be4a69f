import { useQuery } from "@tanstack/react-query";
import { call } from "@/api/call";
import { homeHome, tickerFindLatest } from "@/api/generated";
import type { Paged } from "@/api/page";

export interface Attention {
  kind: string;
  link: string;
  count?: number;
  key?: string;
}

export interface HomeJourney {
  key: string;
  status: string;
  names: Record<string, string> | null;
  here: number;
}

export interface HomeFigures {
  as_of: string;
  people: number;
  reachable: { email: number };
  events_today: number;
  days: { day: string; events: number; orders: number }[];
  messages_7d: { sent: number; states: Record<string, number>; skipped: { reason: string; count: number }[] };
  journeys: HomeJourney[];
  running_journeys: number;
  attention: Attention[];
}

/** The figures of Home, asked again every two seconds while the page is looked at. */
export function useHome() {
  return useQuery({ queryKey: ["home"], queryFn: () => call<HomeFigures>(homeHome()), refetchInterval: 2000 });
}

export interface Moment {
  at: string;
  kind: string;
  name: string;
  message_id: string;
  /** What the event is about, such as a product's name. */
  about: string;
  person_id: number | null;
  person: { name: string | null; email: string | null };
}

/** Who has just done what, fresh every two seconds. */
export function useTicker() {
  return useQuery({ queryKey: ["ticker"], queryFn: () => call<Paged<Moment>>(tickerFindLatest({ query: { limit: 9 } })), refetchInterval: 2000 });
}
