import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  journeysEditingAssessImpact, journeysEditingDropDraft, journeysEditingGetDraft, journeysEditingPublishDraft, journeysEditingPutDraft, journeysEditingReviewDraft,
  journeysFindDrafts,
} from "@/api/generated";
import type { Paged } from "@/api/page";
import type { Graph } from "../graph";
import type { Impact, Runs } from "../versions/types";
import type { Problem } from "./problems";

/** What is being worked on; `number`: the version it began from, null before there is one. */
export interface Draft {
  graph: Graph;
  revision: number;
  number: number | null;
  updated_at: string | null;
  updated_by: string | null;
  review: "asked" | "approved" | "refused" | null;
  review_at: string | null;
  review_by: string | null;
  note: string;
  problems: Problem[];
}

export function useDraft(key: string, enabled = true) {
  // Whoever edits has the newest in hand: a second look would take it away.
  return useQuery({ enabled, queryKey: ["draft", key], queryFn: () => call<Draft>(journeysEditingGetDraft({ path: { key } })), staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false });
}

export function putDraft(key: string, graph: Graph, revision: number): Promise<Draft> {
  return call<Draft>(journeysEditingPutDraft({ path: { key }, body: { graph: graph as unknown as Record<string, unknown>, revision } }));
}

/** Journeys with a draft; `number` null: nothing of it is published yet. */
export interface DraftRow {
  key: string;
  names: Record<string, string>;
  number: number | null;
  updated_at: string;
  review: Draft["review"];
}

export function useDrafts() {
  return useQuery({ queryKey: ["drafts"], queryFn: () => call<Paged<DraftRow>>(journeysFindDrafts({ query: { limit: 200 } })) });
}

function useDone(key: string) {
  const client = useQueryClient();
  const stale = [["journey", key], ["journeys"], ["drafts"], ["versions", key], ["numbers", key], ["draft", key]];
  return () => Promise.all(stale.map((queryKey) => client.invalidateQueries({ queryKey })));
}

export function usePublish(key: string, done: () => void) {
  const refresh = useDone(key);
  return useMutation({
    mutationFn: (body: { revision: number; runs: Runs }) => call(journeysEditingPublishDraft({ path: { key }, body })),
    onSuccess: async () => { await refresh(); done(); },
  });
}

export function useDropDraft(key: string, done: () => void) {
  const refresh = useDone(key);
  return useMutation({
    mutationFn: (revision: number) => call(journeysEditingDropDraft({ path: { key }, query: { revision } })),
    onSuccess: async () => { await refresh(); done(); },
  });
}

export function useReview(key: string, done: (draft: Draft) => void) {
  return useMutation({
    mutationFn: (body: { revision: number; word: "asked" | "approved" | "refused"; note: string }) => call<Draft>(journeysEditingReviewDraft({ path: { key }, body })),
    onSuccess: done,
  });
}

/** What publishing the draft would do; asked anew for each revision and rule. */
export function useImpact(key: string, revision: number, runs: Runs, enabled: boolean) {
  return useQuery({
    queryKey: ["impact", key, revision, runs],
    queryFn: () => call<Impact>(journeysEditingAssessImpact({ path: { key }, body: { runs } })),
    enabled,
    gcTime: 0,
    retry: false,
  });
}
