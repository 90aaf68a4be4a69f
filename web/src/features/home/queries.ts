import { useQuery } from "@tanstack/react-query";
import { call } from "@/api/call";
import { homeHome, tickerFindLatest } from "@/api/generated";
import type { Home, Moments } from "@/api/generated";

export type { Attention, Home, HomeJourney, Moment } from "@/api/generated";

/** The figures of Home, asked again every two seconds while the page is looked at. */
export function useHome() {
  return useQuery({ queryKey: ["home"], queryFn: () => call<Home>(homeHome()), refetchInterval: 2000 });
}

/** Who has just done what, fresh every two seconds. */
export function useTicker() {
  return useQuery({ queryKey: ["ticker"], queryFn: () => call<Moments>(tickerFindLatest({ query: { limit: 9 } })), refetchInterval: 2000 });
}
