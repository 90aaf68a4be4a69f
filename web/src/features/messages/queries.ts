import { useQuery } from "@tanstack/react-query";
import { call } from "@/api/call";
import { deliveryExplainMessage, deliveryFindMessages, deliveryGetMessage } from "@/api/generated";
import { usePages } from "@/api/page";
import type { Message, MessageDetail, MessageWhy } from "./types";

export { itemsOf } from "@/api/page";

export interface MessageFilter {
  state?: string;
  reason?: string;
  person_id?: number;
}

/** The log, newest first; while it is looked at, it stays current. */
export function useMessages(filter: MessageFilter) {
  return usePages<Message>(["messages", filter], (after) => deliveryFindMessages({ query: { ...filter, after, limit: 50 } }), { refetchInterval: 4000 });
}

export function useMessage(id: number | null) {
  return useQuery({ queryKey: ["message", id], queryFn: () => call<MessageDetail>(deliveryGetMessage({ path: { message_id: id ?? 0 } })), enabled: id !== null });
}

/** Why it was sent, is held or was skipped, as it stood at that moment. */
export function useMessageWhy(id: number) {
  return useQuery({ queryKey: ["message-why", id], queryFn: () => call<MessageWhy>(deliveryExplainMessage({ path: { message_id: id } })) });
}
