import { useCallback } from "react";
import { useKeeping } from "@/features/drafts/useKeeping";
import { putCampaign } from "../queries";
import type { Campaign, Definition } from "../types";

/** A draft in hand: every change is kept as soon as the fingers rest. */
export function useDraft(first: Campaign) {
  const put = useCallback((definition: Definition, revision: number) => putCampaign(first.id, definition, revision), [first.id]);
  return useKeeping<Definition, Campaign>({ value: first.definition, answer: first, put });
}

export type Draft = ReturnType<typeof useDraft>;

/** What a card is given: the definition, and a way to change part of it; `field` groups steps of undo. */
export interface Part {
  definition: Definition;
  change: (part: Partial<Definition>, field?: string) => void;
}
