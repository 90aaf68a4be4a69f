import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  contentFindTemplates, journeysDrain, journeysExplain, journeysFindJourneys, journeysFindReady, journeysFindRuns, journeysGetJourney, journeysGetNumbers, journeysInstall,
  journeysPause,
  journeysStart,
} from "@/api/generated";
import { usePages, type Paged } from "@/api/page";
import { pickName } from "@/i18n/names";
import { useLanguage } from "@/i18n/useFormat";
import { TRIGGER } from "./graph";
import type { Answers, Journey, JourneySummary, Numbers, ReadyJourney, Run, TemplateSummary, Why } from "./types";

export { itemsOf } from "@/api/page";

const LIST = ["journeys"];

export function useJourneyList() {
  return useQuery({ queryKey: LIST, queryFn: () => call<Paged<JourneySummary>>(journeysFindJourneys({ query: { limit: 200 } })) });
}

const READY = ["ready"];

/** The journeys that come with Hudhud. */
export function useReady() {
  return useQuery({ queryKey: READY, queryFn: () => call<Paged<ReadyJourney>>(journeysFindReady()) });
}

export function useInstall(done: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ key, answers }: { key: string; answers: Answers }) => call(journeysInstall({ path: { key }, body: { answers } })),
    onSuccess: async () => {
      await Promise.all([READY, LIST, ["templates"], ["topics"], ["coupons"], ["home"]].map((queryKey) => client.invalidateQueries({ queryKey })));
      done();
    },
  });
}

export function journeyName(journey: { key: string; names: Record<string, string> | null }, language: string): string {
  return pickName(journey.names, language, journey.key);
}

export function useJourney(key: string, enabled = true) {
  return useQuery({ enabled, queryKey: ["journey", key], queryFn: () => call<Journey>(journeysGetJourney({ path: { key } })) });
}

/** Numbers on nodes and edges, fresh every second while the page is looked at. */
export function useNumbers(key: string, live: boolean) {
  return useQuery({
    queryKey: ["numbers", key],
    queryFn: () => call<Numbers>(journeysGetNumbers({ path: { key } })),
    refetchInterval: live ? 1000 : 10_000,
  });
}

export function useRuns(key: string, node: string | null) {
  return usePages<Run>(
    ["runs", key, node],
    (after) => journeysFindRuns({ path: { key }, query: { node: node === TRIGGER ? null : node, after, limit: 30 } }),
    { enabled: node !== null },
  );
}

const SWITCHES = { start: journeysStart, pause: journeysPause, drain: journeysDrain };

export function useSwitch(key: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (action: "start" | "pause" | "drain") => call(SWITCHES[action]({ path: { key } })),
    onSuccess: () => Promise.all([["journey", key], LIST, ["home"]].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}

/** What a template is called in the reader's language. */
export function useTemplateNames(): (key: string) => string {
  const language = useLanguage();
  const { data } = useQuery({ queryKey: ["templates"], queryFn: () => call<Paged<TemplateSummary>>(contentFindTemplates()), staleTime: 60_000 });
  return (key) => pickName(data?.items.find((one) => one.key === key)?.names, language, key);
}

export function useWhy(key: string, personId: number) {
  return useQuery({ queryKey: ["why", key, personId], queryFn: () => call<Why>(journeysExplain({ path: { key, person_id: personId } })) });
}
