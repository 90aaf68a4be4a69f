import { useQuery } from "@tanstack/react-query";
import { get } from "@/api/call";
import { usePages } from "@/api/page";
import type { Message, MessageDetail } from "./types";

export { itemsOf } from "@/api/page";

export interface MessageFilter {
  state?: string;
  reason?: string;
  person_id?: number;
}

/** The log, newest first; while it is looked at, it stays current. */
export function useMessages(filter: MessageFilter) {
  return usePages<Message>("/messages", { ...filter, limit: 50 }, { refetchInterval: 4000 });
}

export function useMessage(id: number | null) {
  return useQuery({ queryKey: ["message", id], queryFn: () => get<MessageDetail>(`/messages/${String(id)}`), enabled: id !== null });
}
