import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  endpointsChangeEndpoint, endpointsCreateEndpoint, endpointsDeleteEndpoint, endpointsFindDeliveries, endpointsFindEndpoints, endpointsGetDelivery, endpointsGetEndpoint,
  endpointsReplayDead, endpointsReplayDelivery, endpointsRotate, endpointsSendTest, endpointsSetState, eventsFindNames, segmentsFindSegments, type ReplaySpan,
} from "@/api/generated";
import { usePages, type Paged } from "@/api/page";
import type { Delivery, Endpoint, WholeDelivery, Wishes, WithSecret } from "./types";

export { itemsOf } from "@/api/page";

const ENDPOINTS = ["endpoints"];
const SHOWN = 20;

export function useEndpoints() {
  return useQuery({ queryKey: ENDPOINTS, queryFn: () => call<Paged<Endpoint>>(endpointsFindEndpoints()), refetchInterval: 5000 });
}

export function useEndpoint(id: number) {
  return useQuery({ queryKey: [...ENDPOINTS, id], queryFn: () => call<Endpoint>(endpointsGetEndpoint({ path: { endpoint_id: id } })), refetchInterval: 3000 });
}

export function useDeliveries(id: number, state: Delivery["state"] | null) {
  return usePages<Delivery>(
    [...ENDPOINTS, id, "deliveries", state],
    (after) => endpointsFindDeliveries({ path: { endpoint_id: id }, query: { limit: SHOWN, after, state } }),
    { refetchInterval: 3000 },
  );
}

export function useDelivery(id: number, delivery: Delivery) {
  return useQuery({
    queryKey: [...ENDPOINTS, id, "delivery", delivery.id, delivery.attempts],
    queryFn: () => call<WholeDelivery>(endpointsGetDelivery({ path: { endpoint_id: id, delivery_id: delivery.id } })),
  });
}

export function useKnownEvents() {
  return useQuery({ queryKey: ["event-names"], queryFn: () => call<Paged<{ name: string }>>(eventsFindNames()), staleTime: 60_000 });
}

export function useKnownSegments() {
  return useQuery({ queryKey: ["segment-names"], queryFn: () => call<Paged<{ id: number; name: string }>>(segmentsFindSegments({ query: { limit: 100 } })), staleTime: 60_000 });
}

/** A write after which the lists are asked again. */
function useWrite<Given, Answer>(write: (given: Given) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: write, onSuccess: () => client.invalidateQueries({ queryKey: ENDPOINTS }) });
}

export function useCreateEndpoint() {
  return useWrite((wishes: Wishes) => call<WithSecret>(endpointsCreateEndpoint({ body: wishes })));
}

export function useChangeEndpoint(id: number) {
  return useWrite((wishes: Wishes) => call<Endpoint>(endpointsChangeEndpoint({ path: { endpoint_id: id }, body: wishes })));
}

export function useSetState(id: number) {
  return useWrite((isActive: boolean) => call<Endpoint>(endpointsSetState({ path: { endpoint_id: id }, body: { is_active: isActive } })));
}

export function useRotate(id: number) {
  return useWrite(() => call<WithSecret>(endpointsRotate({ path: { endpoint_id: id } })));
}

export function useSendTest(id: number) {
  return useWrite(() => call<Delivery>(endpointsSendTest({ path: { endpoint_id: id } })));
}

export function useReplay(id: number) {
  return useWrite((deliveryId: number) => call<Delivery>(endpointsReplayDelivery({ path: { endpoint_id: id, delivery_id: deliveryId } })));
}

export function useReplayDead(id: number) {
  return useWrite((span: ReplaySpan) => call<{ waiting: number }>(endpointsReplayDead({ path: { endpoint_id: id }, body: span })));
}

export function useDeleteEndpoint(id: number) {
  return useWrite(() => call(endpointsDeleteEndpoint({ path: { endpoint_id: id } })));
}
