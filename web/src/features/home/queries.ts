import { useQuery } from "@tanstack/react-query";
import { get } from "@/api/call";

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
  return useQuery({ queryKey: ["home"], queryFn: () => get<HomeFigures>("/home"), refetchInterval: 2000 });
}
