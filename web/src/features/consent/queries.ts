import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  consentCreateTopic, consentFindPreferences, consentFindSuppressions, consentFindTopics, consentFindWordings, consentLiftSuppression, consentRenameTopic, consentSetWording,
  consentSuppressList, contentPreviewTemplate, topicsPreviewPage, topicsSetConfirmation,
} from "@/api/generated";
import { type Paged, usePages } from "@/api/page";
import type { ListTaken, PageKind, Reason, Suppressed, Texts, Topic, Wishes, Wording, Wordings, Law } from "./types";

export { itemsOf } from "@/api/page";

const TOPICS = ["topics"];
const SUPPRESSED = ["suppressed"];
const WORDINGS = ["wordings"];

export function useTopicNumbers() {
  return useQuery({ queryKey: [...TOPICS, "numbers"], queryFn: () => call<Paged<Topic>>(consentFindTopics()) });
}

/** A write after which some lists are asked again. */
function useWrite<Given, Answer>(write: (given: Given) => Promise<Answer>, lists: string[], done?: (answer: Answer) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: write,
    onSuccess: async (answer) => {
      done?.(answer);
      await client.invalidateQueries({ queryKey: lists });
    },
  });
}

export interface NewTopic {
  key: string;
  names: Texts;
  stream: Topic["stream"];
}

export function useCreateTopic(done: () => void) {
  return useWrite((body: NewTopic) => call<Topic>(consentCreateTopic({ body })), TOPICS, done);
}

export function useRenameTopic(key: string, done: () => void) {
  return useWrite((names: Texts) => call<Topic>(consentRenameTopic({ path: { key }, body: { names } })), TOPICS, done);
}

export function useSetConfirmation(key: string) {
  return useWrite((isOn: boolean) => call<Topic>(topicsSetConfirmation({ path: { key }, body: { is_on: isOn } })), TOPICS);
}

/** A page of addresses also tells how many there are for each reason. */
type SuppressedPage = Paged<Suppressed> & { counts: Partial<Record<Reason, number>> };

export function useSuppressed(search: string, reason: Reason | null) {
  return usePages<Suppressed, string>([...SUPPRESSED, search, reason], (after) => consentFindSuppressions({ query: { search, reason, ...(after ? { after } : {}) } }));
}

export function countsOf(data: { pages: Paged<Suppressed>[] } | undefined): Partial<Record<Reason, number>> {
  return (data?.pages[0] as SuppressedPage | undefined)?.counts ?? {};
}

export function useSuppressList(done: (taken: ListTaken) => void) {
  return useWrite((body: { text: string; detail: string }) => call<ListTaken>(consentSuppressList({ body })), SUPPRESSED, done);
}

export function useLift(done: () => void) {
  return useWrite(({ channel, address }: Suppressed) => call(consentLiftSuppression({ path: { channel, address } })), SUPPRESSED, done);
}

export function useWordings() {
  return useQuery({ queryKey: WORDINGS, queryFn: () => call<Wordings>(consentFindWordings()) });
}

export function useSetWording(done: () => void) {
  return useWrite((body: { law: Law; texts: Texts }) => call<Wording>(consentSetWording({ body })), WORDINGS, done);
}

/** A page as people see it, with a wording that is being written. */
export function usePagePreview(page: PageKind, language: "en" | "et" | "fa" | "ar", texts: Texts) {
  return useQuery({
    queryKey: ["consent-page", page, language, texts],
    queryFn: () => call<{ html: string }>(topicsPreviewPage({ body: { page, language, texts } })),
    placeholderData: (before: { html: string } | undefined) => before,
  });
}

export function useWishes(personId: number) {
  return useQuery({ queryKey: ["wishes", personId], queryFn: () => call<Wishes>(consentFindPreferences({ path: { person_id: personId } })) });
}

export const CONFIRM_TEMPLATE = "confirm_subscription";

/** The mail that asks for a confirmation, as it is published. */
export function useConfirmMail(language: string, topic: string) {
  const event = { topics: [topic], confirm_url: "https://example.com/" };
  return useQuery({
    queryKey: ["confirm-mail", language, topic],
    queryFn: () => call<Record<string, string>>(contentPreviewTemplate({ path: { key: CONFIRM_TEMPLATE }, body: { language, event } })),
  });
}
