import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, send } from "@/api/call";
import { usePages } from "@/api/page";

export { itemsOf } from "@/api/page";

export interface MailSummary {
  id: number;
  sender: string;
  recipient: string;
  subject: string;
  received_at: string;
}

export interface Mail extends MailSummary {
  html: string;
  text: string;
  headers: Record<string, string>;
}

const LIST = "/mailbox";

export function useMailbox() {
  return usePages<MailSummary>(LIST, { limit: 40 }, { refetchInterval: 2000 });
}

export function useMail(id: string | undefined) {
  return useQuery({ queryKey: ["mail", id], queryFn: () => get<Mail>(`/mailbox/${id ?? ""}`), enabled: id !== undefined });
}

export function useMailSource(id: string, wanted: boolean) {
  return useQuery({ queryKey: ["mail-source", id], queryFn: () => get<{ source: string }>(`/mailbox/${id}/source`), enabled: wanted });
}

export function useEmptyMailbox(done: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => send("DELETE", LIST),
    onSuccess: async () => {
      await client.resetQueries({ queryKey: [LIST] });
      done();
    },
  });
}
