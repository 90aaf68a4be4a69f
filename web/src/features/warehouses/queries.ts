import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  warehousesBeginAnew, warehousesCheck, warehousesCreateWarehouse, warehousesDeleteWarehouse, warehousesFindRuns, warehousesFindWarehouses, warehousesGetWarehouse, warehousesLook,
  warehousesRun, warehousesSetConnection, warehousesSetPlan, warehousesSetSchedule,
} from "@/api/generated";
import type { Paged } from "@/api/page";
import type { Kind, Plan, Understood } from "@/features/imports/types";
import type { Access, Run, Schedule, Selection, Warehouse } from "./types";

const ALL = ["warehouses"];

export function useWarehouses() {
  return useQuery({ queryKey: ALL, queryFn: () => call<Paged<Warehouse>>(warehousesFindWarehouses()), refetchInterval: 5000 });
}

export function useWarehouse(id: number) {
  return useQuery({ queryKey: [...ALL, id], queryFn: () => call<Warehouse>(warehousesGetWarehouse({ path: { warehouse_id: id } })), refetchInterval: 3000 });
}

export function useRuns(id: number) {
  return useQuery({
    queryKey: [...ALL, id, "runs"],
    queryFn: () => call<Paged<Run>>(warehousesFindRuns({ path: { warehouse_id: id }, query: { limit: 30 } })),
    refetchInterval: 2000,
  });
}

/** A write after which everything about sources is asked again. */
function useWrite<Given, Answer>(write: (given: Given) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: write, onSuccess: () => client.invalidateQueries({ queryKey: ALL }) });
}

export const useCreate = () => useWrite((given: Access & { name: string; kind: Kind }) => call<Warehouse>(warehousesCreateWarehouse({ body: given })));

export const useConnect = (id: number) => useWrite((given: Access) => call<Warehouse>(warehousesSetConnection({ path: { warehouse_id: id }, body: given })));

/** The first rows of what would be read; nothing is kept. */
export const useLook = (id: number) => useMutation({ mutationFn: (selection: Selection) => call<Understood>(warehousesLook({ path: { warehouse_id: id }, body: { selection } })) });

export const useSetPlan = (id: number) => useWrite((given: { selection: Selection; plan: Plan }) => call<Warehouse>(warehousesSetPlan({ path: { warehouse_id: id }, body: given })));

export const useSetSchedule = (id: number) =>
  useWrite((given: { schedule: Schedule | null; is_paused: boolean }) => call<Warehouse>(warehousesSetSchedule({ path: { warehouse_id: id }, body: given })));

export const useCheck = (id: number) => useWrite(() => call<{ id: number }>(warehousesCheck({ path: { warehouse_id: id } })));

export const useRead = (id: number) => useWrite(() => call<{ id: number }>(warehousesRun({ path: { warehouse_id: id } })));

export const useAnew = (id: number) => useWrite(() => call<Warehouse>(warehousesBeginAnew({ path: { warehouse_id: id } })));

export const useForget = (id: number) => useWrite(() => call(warehousesDeleteWarehouse({ path: { warehouse_id: id } })));
