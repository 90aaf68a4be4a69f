import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  deliveryOutcomesCloseDoor, deliveryOutcomesFindBrakes, deliveryOutcomesFindDoors, deliveryOutcomesFindOutcomeRules, deliveryOutcomesFindReports, deliveryOutcomesOpenDoor,
  deliveryOutcomesProveDoor, deliveryOutcomesPutOutcomeRules, deliveryOutcomesReleaseBrake, deliveryOutcomesRotateDoor,
} from "@/api/generated";
import type { Brake, Door, Numbers, Report } from "./types";

const OUTCOMES = ["outcomes"];

export function useDoors() {
  return useQuery({ queryKey: [...OUTCOMES, "doors"], queryFn: () => call<{ items: Door[] }>(deliveryOutcomesFindDoors()), refetchInterval: 10_000 });
}

export function useNumbers() {
  return useQuery({ queryKey: [...OUTCOMES, "numbers"], queryFn: () => call<Numbers>(deliveryOutcomesFindOutcomeRules()) });
}

export function useBrakes() {
  return useQuery({ queryKey: [...OUTCOMES, "brakes"], queryFn: () => call<{ items: Brake[] }>(deliveryOutcomesFindBrakes()) });
}

export function useReports(message: number) {
  return useQuery({ queryKey: [...OUTCOMES, "reports", message], queryFn: () => call<{ items: Report[] }>(deliveryOutcomesFindReports({ path: { message_id: message } })) });
}

function useWrite<Given>(write: (given: Given) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: write, onSuccess: () => client.invalidateQueries({ queryKey: OUTCOMES }) });
}

export const useOpenDoor = () => useWrite((kind: string) => call(deliveryOutcomesOpenDoor({ body: { kind } })));
export const useProveDoor = () => useWrite(({ kind, ...proof }: { kind: string; secret?: string; topic?: string }) => call(deliveryOutcomesProveDoor({ path: { kind }, body: proof })));
export const useRotateDoor = () => useWrite((kind: string) => call(deliveryOutcomesRotateDoor({ path: { kind } })));
export const useCloseDoor = () => useWrite((kind: string) => call(deliveryOutcomesCloseDoor({ path: { kind } })));
export const useSaveNumbers = () => useWrite((numbers: Numbers) => call(deliveryOutcomesPutOutcomeRules({ body: numbers })));
export const useRelease = () => useWrite((id: number) => call(deliveryOutcomesReleaseBrake({ path: { brake_id: id } })));
