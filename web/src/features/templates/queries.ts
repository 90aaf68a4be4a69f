import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  contentCheckTemplate, contentCreateTemplate, contentEditingArchiveTemplate, contentEditingDressingDeleteSnippet, contentEditingDressingFindSnippetUses,
  contentEditingDressingFindSnippets, contentEditingDressingGetBrandKit, contentEditingDressingGetSnippet, contentEditingDressingPutBrandKit,
  contentEditingDressingPutSnippet, contentEditingDressingRepublishSnippet, contentEditingDropTemplateDraft, contentEditingDuplicateTemplate, contentEditingFindReady,
  contentEditingFindTemplateUses, contentEditingFindTemplateVersions, contentEditingGetTemplateDraft, contentEditingPublishTemplateAgain, contentEditingPublishTemplateDraft, contentEditingPutTemplateDraft, contentEditingRestoreTemplate,
  contentFindTemplates, contentTryTemplate, eventsGetName, trialsTestTemplate,
} from "@/api/generated";
import { usePages, type Paged } from "@/api/page";
import type { EventPage } from "@/features/events/types";
import type { Work } from "./editor/change";
import type { Brand, Copies, Copy, Draft, Finding, Mode, Previewed, Redone, Snippet, SnippetUse, TemplateRow, Tested, Use, Version, Worst } from "./types";

export { itemsOf } from "@/api/page";

const LIST = ["templates"];

export function useTemplateList(archived: boolean) {
  return useQuery({ queryKey: [...LIST, "all", archived], queryFn: () => call<Paged<TemplateRow>>(contentFindTemplates({ query: { archived } })) });
}

/** The mails that come with Hudhud. */
export function useReadyTemplates() {
  return useQuery({ queryKey: [...LIST, "ready"], queryFn: () => call<Paged<Pick<TemplateRow, "key" | "names">>>(contentEditingFindReady()), staleTime: Infinity });
}

export type Start = { kind: "blank"; language: string; mode: Mode } | { kind: "ready" | "template"; key: string };

/** After a write the lists are asked again. */
function useWrite<Given, Answer>(write: (given: Given) => Promise<Answer>, done: (answer: Answer) => void = () => undefined) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: write,
    onSuccess: async (answer) => {
      await client.invalidateQueries({ queryKey: LIST });
      done(answer);
    },
  });
}

export function useCreate(done: (draft: Draft) => void) {
  return useWrite((body: { names: Record<string, string>; start: Start }) => call<Draft>(contentCreateTemplate({ body })), done);
}

export function useDuplicate(done: (draft: Draft) => void) {
  return useWrite(({ key, names }: Pick<TemplateRow, "key" | "names">) => call<Draft>(contentEditingDuplicateTemplate({ path: { key }, body: { names } })), done);
}

export function useArchive(done: () => void) {
  return useWrite((key: string) => call(contentEditingArchiveTemplate({ path: { key } })), done);
}

export function useRestore(done: () => void) {
  return useWrite((key: string) => call(contentEditingRestoreTemplate({ path: { key } })), done);
}

export function useTemplateUses(key: string) {
  return useQuery({ queryKey: [...LIST, "uses", key], queryFn: () => call<Paged<Use>>(contentEditingFindTemplateUses({ path: { key } })) });
}

export function useDraft(key: string) {
  // Whoever edits has the newest in hand: a second look would take it away.
  return useQuery({ queryKey: ["template-draft", key], queryFn: () => call<Draft>(contentEditingGetTemplateDraft({ path: { key } })), staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false });
}

export function putDraft(key: string, { names, languages }: Work, revision: number): Promise<Draft> {
  return call<Draft>(contentEditingPutTemplateDraft({ path: { key }, body: { names, languages, revision } }));
}

export function useDropDraft(key: string, done: () => void) {
  return useWrite((revision: number) => call(contentEditingDropTemplateDraft({ path: { key }, query: { revision } })), done);
}

export function usePublish(key: string, done: () => void) {
  return useWrite((revision: number) => call(contentEditingPublishTemplateDraft({ path: { key }, body: { revision } })), done);
}

/** Every publication, the newest first. */
export function useTemplateVersions(key: string) {
  return usePages<Version>([...LIST, "versions", key], (after) => contentEditingFindTemplateVersions({ path: { key }, query: { after } }));
}

export function usePublishAgain(key: string, done: () => void) {
  return useWrite((number: number) => call(contentEditingPublishTemplateAgain({ path: { key, number } })), done);
}

/** What is wrong, or could be better, in each language; the answer before stays until the new one is there. */
export function useCheck(languages: Copies) {
  return useQuery({
    queryKey: ["template-check", languages],
    queryFn: ({ signal }) => call<{ items: Finding[] }>(contentCheckTemplate({ body: { languages: languages as unknown as Record<string, Record<string, unknown>> }, signal })),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 10_000,
    retry: false,
  });
}

interface Who {
  person_id: number | null;
  worst: Worst | null;
  /** What the event that began it brought along. */
  event: Record<string, unknown>;
}

/** A copy as one person would get it; made by the engine that sends. */
export function usePreview(copy: Copy | undefined, language: string, who: Who) {
  return useQuery({
    queryKey: ["template-preview", copy, language, who],
    queryFn: ({ signal }) => call<Previewed>(contentTryTemplate({ body: { copy: copy as unknown as Record<string, unknown>, language, ...who }, signal })),
    enabled: copy !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 10_000,
    retry: false,
  });
}

/** Send it to oneself, as that person would get it: by the real way, or into the built-in mailbox. */
export function useTestSend(key: string, done: (said: Tested) => void) {
  return useMutation({
    mutationFn: ({ copy, language, person_id, event }: { copy: Copy; language: string; person_id: number | null; event: Record<string, unknown> }) => call<Tested>(trialsTestTemplate({ path: { key }, body: { copy: { ...copy }, language, person_id, event, to: ["me"] } })),
    onSuccess: done,
  });
}

/** An event's newest samples, whose properties stand in for those of the event that begins a journey. */
export function useEventSample(name: string) {
  return useQuery({ queryKey: ["event-sample", name], queryFn: () => call<Pick<EventPage, "samples">>(eventsGetName({ query: { name } })), enabled: name !== "", staleTime: 60_000 });
}

export function useBrand() {
  return useQuery({ queryKey: ["brand"], queryFn: () => call<Brand>(contentEditingDressingGetBrandKit()), staleTime: 60_000 });
}

export function useSaveBrand(done: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ colours, dark, font, radius, logo, footer, social }: Brand) => call<Brand>(contentEditingDressingPutBrandKit({ body: { colours, dark, font, radius, logo: logo && { ...logo }, footer, social: social.map((one) => ({ ...one })) } })),
    onSuccess: (saved) => { client.setQueryData(["brand"], saved); done(); },
  });
}

const SNIPPETS = ["snippets"];

export function useSnippets() {
  return useQuery({ queryKey: SNIPPETS, queryFn: () => call<{ items: Snippet[] }>(contentEditingDressingFindSnippets()), staleTime: 60_000 });
}

export function useSnippet(key: string) {
  return useQuery({ queryKey: [...SNIPPETS, key], queryFn: () => call<Snippet>(contentEditingDressingGetSnippet({ path: { key } })), staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false });
}

function useSnippetWrite<Given, Answer>(write: (given: Given) => Promise<Answer>, done: (answer: Answer) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: write,
    onSuccess: async (answer) => {
      await client.invalidateQueries({ queryKey: SNIPPETS, exact: true });
      done(answer);
    },
  });
}

export function useSaveSnippet(key: string, done: (saved: Snippet) => void) {
  return useSnippetWrite((body: Pick<Snippet, "names" | "languages" | "revision">) => call<Snippet>(contentEditingDressingPutSnippet({ path: { key }, body })), done);
}

export function useDeleteSnippet(key: string, done: () => void) {
  return useSnippetWrite(() => call(contentEditingDressingDeleteSnippet({ path: { key } })), done);
}

export function useSnippetUses(key: string) {
  return useQuery({ queryKey: [...SNIPPETS, key, "uses"], queryFn: () => call<{ items: SnippetUse[] }>(contentEditingDressingFindSnippetUses({ path: { key } })) });
}

/** Publish the mails that use it anew, so that what they say of it is what is sent. */
export function useRepublish(key: string, done: (said: Redone[]) => void) {
  return useSnippetWrite(() => call<{ items: Redone[] }>(contentEditingDressingRepublishSnippet({ path: { key } })), ({ items }) => { done(items); });
}
