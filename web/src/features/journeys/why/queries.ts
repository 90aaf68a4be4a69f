import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import { journeysExplainStep, journeysFindAhead, journeysFindStuck, journeysGetJourney, journeysLookAtRerun, journeysStartAgain } from "@/api/generated";
import type { Paged } from "@/api/page";
import { pickName } from "@/i18n/names";
import { useLanguage } from "@/i18n/useFormat";
import { useTemplateNames } from "../queries";
import type { Ahead, Journey, RerunLook, StepConditions, Stuck } from "../types";

/** Why a run went this way at one step. */
export function useStepWhy(key: string, runId: number, visit: number) {
  return useQuery({
    queryKey: ["step-why", key, runId, visit],
    queryFn: () => call<StepConditions>(journeysExplainStep({ path: { key, run_id: runId, visit } })),
    staleTime: Infinity,
  });
}

/** What comes next to a person; fresh while it is looked at. */
export function useAhead(personId: number) {
  return useQuery({
    queryKey: ["ahead", personId],
    queryFn: () => call<Ahead>(journeysFindAhead({ path: { person_id: personId } })),
    refetchInterval: 5000,
  });
}

/** What a journey and one of its steps are called, for where only their keys are at hand. */
export function useStepOf(key: string, step: string): { journey: string; step: string } {
  const language = useLanguage();
  const template = useTemplateNames();
  const { data } = useQuery({ queryKey: ["journey", key], queryFn: () => call<Journey>(journeysGetJourney({ path: { key } })), enabled: key !== "" });
  const node = data?.graph.nodes[step];
  return { journey: pickName(data?.graph.names, language, key), step: node?.kind === "send" ? template(node.template) : step };
}

/** People who ought to have moved on and have not. */
export function useStuck(key: string) {
  return useQuery({ queryKey: ["stuck", key], queryFn: () => call<Paged<Stuck>>(journeysFindStuck({ path: { key } })), refetchInterval: 15_000 });
}

/** What a run passed before from this step on, and will get once more. */
export function useRerunLook(key: string, runId: number, node: string | null) {
  return useQuery({
    queryKey: ["rerun", key, runId, node],
    queryFn: () => call<RerunLook>(journeysLookAtRerun({ path: { key }, body: { node: node ?? "", run_id: runId } })),
    enabled: node !== null,
    gcTime: 0,
  });
}

export function useRerun(key: string, done: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { node: string; run_id: number; as_of: string }) => call<RerunLook>(journeysStartAgain({ path: { key }, body })),
    onSuccess: async () => {
      await Promise.all([["why", key], ["ahead"], ["numbers", key], ["runs", key]].map((queryKey) => client.invalidateQueries({ queryKey })));
      done();
    },
  });
}
