import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import { deliveryClearMailbox, deliveryFindMails, deliveryGetMail, deliveryGetSource } from "@/api/generated";
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

const LIST = ["mailbox"];

export function useMailbox() {
  return usePages<MailSummary>(LIST, (after) => deliveryFindMails({ query: { after, limit: 40 } }), { refetchInterval: 2000 });
}

export function useMail(id: number) {
  return useQuery({ queryKey: ["mail", id], queryFn: () => call<Mail>(deliveryGetMail({ path: { mail_id: id } })), staleTime: Infinity });
}

export function useMailSource(id: number) {
  return useQuery({ queryKey: ["mail-source", id], queryFn: () => call<{ source: string }>(deliveryGetSource({ path: { mail_id: id } })), staleTime: Infinity });
}

export function useEmptyMailbox(done: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => call(deliveryClearMailbox()),
    onSuccess: async () => {
      await client.resetQueries({ queryKey: LIST });
      done();
    },
  });
}
