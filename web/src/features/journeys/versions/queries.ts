import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import { journeysEditingAssessImpact, journeysEditingFindVersions, journeysEditingGetDiff, journeysEditingGetVersion, journeysEditingPublishAgain } from "@/api/generated";
import { usePages } from "@/api/page";
import type { Graph } from "../graph";
import type { Diff, Impact, Runs, Version } from "./types";

export { itemsOf } from "@/api/page";

export function useVersions(key: string) {
  return usePages<Version>(["versions", key], (after) => journeysEditingFindVersions({ path: { key }, query: { after, limit: 30 } }), { refetchInterval: 10_000 });
}

/** The graph of one version; it never changes. */
export function useVersion(key: string, number: number | null) {
  return useQuery({
    queryKey: ["version", key, number],
    queryFn: () => call<{ graph: Graph }>(journeysEditingGetVersion({ path: { key, number: number ?? 0 } })),
    enabled: number !== null,
    staleTime: Infinity,
  });
}

export function useDiff(key: string, before: number | null, after: number) {
  return useQuery({
    queryKey: ["diff", key, before, after],
    queryFn: () => call<Diff>(journeysEditingGetDiff({ path: { key }, query: { before: before ?? 0, after } })),
    enabled: before !== null,
    staleTime: Infinity,
  });
}

export function useBackImpact(key: string, number: number, runs: Runs) {
  return useQuery({ queryKey: ["impact", key, "version", number, runs], queryFn: () => call<Impact>(journeysEditingAssessImpact({ path: { key }, body: { number, runs } })), gcTime: 0, retry: false });
}

export function useBack(key: string, done: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ number, runs }: { number: number; runs: Runs }) => call(journeysEditingPublishAgain({ path: { key, number }, body: { runs } })),
    onSuccess: async () => {
      await Promise.all([["journey", key], ["versions", key], ["numbers", key], ["journeys"]].map((queryKey) => client.invalidateQueries({ queryKey })));
      done();
    },
  });
}
