import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  lifecycleCreateStage, lifecycleFindPeople, lifecycleFindUses, lifecycleGetLifecycle, lifecycleGetPersonLifecycle, lifecycleGetStage,
  lifecycleOrderStages, lifecycleRemoveStage, lifecycleUpdateStage,
} from "@/api/generated";
import { usePages, type Paged } from "@/api/page";
import type { Condition } from "@/features/segments/condition";
import type { Use } from "@/features/segments/types";
import type { Lifecycle, Stage, StagePerson, Way } from "./types";

export { itemsOf } from "@/api/page";

const KEY = ["lifecycle"];
export const PERIODS = [7, 30, 90];
export const USUAL_PERIOD = 30;

/** The stages in order, and what became of those who came into each in so many days. */
export function useLifecycle(days = USUAL_PERIOD) {
  return useQuery({
    queryKey: [...KEY, "funnel", days],
    queryFn: () => call<Lifecycle>(lifecycleGetLifecycle({ query: { days } })),
    placeholderData: (previous) => previous,
    refetchInterval: ({ state }) => (state.data?.stages.some((one) => one.state === "counting") ? 500 : 5000),
  });
}

/** The stages, for those who only name them: asked for seldom. */
export function useStages() {
  return useQuery({ queryKey: [...KEY, "stages"], queryFn: () => call<Lifecycle>(lifecycleGetLifecycle({ query: { days: USUAL_PERIOD } })), staleTime: 60_000 });
}

export function useStage(id: number) {
  return useQuery({
    queryKey: [...KEY, "stage", id],
    queryFn: () => call<Stage>(lifecycleGetStage({ path: { stage_id: id } })),
    refetchInterval: ({ state }) => (state.data?.state === "counting" ? 500 : 5000),
  });
}

export function useStagePeople(id: number, count: number) {
  return usePages<StagePerson>([...KEY, "people", id, count], (after) => lifecycleFindPeople({ path: { stage_id: id }, query: { after, limit: 20 } }));
}

export function useStageUses(id: number) {
  return useQuery({ queryKey: [...KEY, "uses", id], queryFn: () => call<Paged<Use>>(lifecycleFindUses({ path: { stage_id: id } })) });
}

/** Where somebody stands, and the way they came. */
export function useWay(personId: number) {
  return useQuery({ queryKey: [...KEY, "way", personId], queryFn: () => call<Way>(lifecycleGetPersonLifecycle({ path: { person_id: personId } })), refetchInterval: 5000 });
}

export interface StageDraft {
  name?: string;
  text?: string;
  colour: string;
  rule: Condition;
}

/** Keeps a stage, new (without `id`) or changed. */
export function useSaveStage(done: (stage: Stage) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, draft }: { id?: number; draft: StageDraft }) => {
      const body = { ...draft, rule: { ...draft.rule } };
      return call<Stage>(id === undefined ? lifecycleCreateStage({ body: { name: "", ...body } }) : lifecycleUpdateStage({ path: { stage_id: id }, body }));
    },
    onSuccess: async (stage) => {
      await client.invalidateQueries({ queryKey: KEY });
      done(stage);
    },
  });
}

export function useOrderStages() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (ids: number[]) => call(lifecycleOrderStages({ body: { ids } })),
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

export function useRemoveStage(id: number, done: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => call(lifecycleRemoveStage({ path: { stage_id: id } })),
    onSuccess: async () => {
      done();
      client.removeQueries({ queryKey: [...KEY, "stage", id] });
      await client.invalidateQueries({ queryKey: KEY });
    },
  });
}
