import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  deliveryRulesAddCap, deliveryRulesChangeCap, deliveryRulesDropCap, deliveryRulesDropQuietHours, deliveryRulesFindRules, deliveryRulesMeasureRules, deliveryRulesPutQuietHours,
} from "@/api/generated";
import type { Effect, NewCap, QuietHours, SendingRules } from "./types";

const RULES = ["sending-rules"];

export function useRules() {
  return useQuery({ queryKey: RULES, queryFn: () => call<SendingRules>(deliveryRulesFindRules()) });
}

/** What rules that are being written would have held back; not asked while they are incomplete. */
export function useEffectOf(caps: NewCap[], quiet: QuietHours | null, isComplete: boolean) {
  return useQuery({
    queryKey: [...RULES, "effect", caps, quiet],
    queryFn: () => call<Effect>(deliveryRulesMeasureRules({ body: { caps, quiet_hours: quiet } })),
    enabled: isComplete,
    placeholderData: (before: Effect | undefined) => before,
  });
}

function useWrite<Given>(write: (given: Given) => Promise<unknown>, done?: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: write,
    onSuccess: async () => {
      done?.();
      await client.invalidateQueries({ queryKey: RULES });
    },
  });
}

export function useSaveCap(done: () => void) {
  return useWrite(({ id, ...cap }: NewCap & { id?: number }) => (id === undefined ? call(deliveryRulesAddCap({ body: cap })) : call(deliveryRulesChangeCap({ path: { cap_id: id }, body: cap }))), done);
}

export function useDropCap() {
  return useWrite((id: number) => call(deliveryRulesDropCap({ path: { cap_id: id } })));
}

export function useSaveQuiet(done: () => void) {
  return useWrite((hours: QuietHours | null) => (hours === null ? call(deliveryRulesDropQuietHours()) : call(deliveryRulesPutQuietHours({ body: hours }))), done);
}
