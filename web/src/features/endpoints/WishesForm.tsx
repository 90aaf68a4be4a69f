import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Button, Checkbox, Failure, Group, MultiSelect, SimpleGrid, Stack, Switch, TagsInput, Text, TextInput } from "@/ui";
import { useKnownEvents, useKnownSegments } from "./queries";
import { KINDS, wordOf, type Endpoint, type Kind, type Wishes } from "./types";

interface Props {
  endpoint?: Endpoint;
  action: string;
  isPending: boolean;
  error: Error | null;
  submit: (wishes: Wishes) => void;
}

/** Which segments: all that are listed, or those that are chosen. */
function Segments({ chosen, choose }: { chosen: number[] | null; choose: (segments: number[] | null) => void }) {
  const { t } = useTranslation();
  const known = useKnownSegments();
  const data = (known.data?.items ?? []).map((one) => ({ value: String(one.id), label: one.name }));
  return (
    <>
      <Switch label={t("endpoints.all_segments")} checked={chosen === null} onChange={(event) => { choose(event.currentTarget.checked ? null : []); }} />
      {chosen !== null && <MultiSelect label={t("endpoints.segments")} data={data} value={chosen.map(String)} onChange={(ids) => { choose(ids.map(Number)); }} searchable required />}
    </>
  );
}

/** Where an endpoint is, and what it wants to hear. */
export function WishesForm({ endpoint, action, isPending, error, submit }: Props) {
  const { t } = useTranslation();
  const names = useKnownEvents();
  const [wants, setWants] = useState<string[]>(endpoint?.wants ?? []);
  const [segments, setSegments] = useState<number[] | null>(endpoint?.segments ?? null);
  const [events, setEvents] = useState<string[]>(endpoint?.events ?? []);
  const isAboutSegments = wants.some((one) => one.startsWith("segment."));
  const isAboutEvents = wants.includes("event.tracked");
  const send = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
    submit({
      url: given.url ?? "", description: given.description ?? "", wants: wants as Kind[], segments: isAboutSegments ? segments : null, events: isAboutEvents ? events : [],
    });
  };
  return (
    <form onSubmit={send}>
      <Stack>
        <TextInput name="url" required dir="ltr" maxLength={2000} label={t("endpoints.url")} description={t("endpoints.url_hint")} placeholder="https://example.com/hudhud" defaultValue={endpoint?.url} />
        <TextInput name="description" maxLength={500} label={t("endpoints.description")} placeholder={t("endpoints.description_hint")} defaultValue={endpoint?.description} />
        <Checkbox.Group label={t("endpoints.wants")} value={wants} onChange={setWants}>
          <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs" mt={8}>
            {KINDS.map((kind) => <Checkbox key={kind} value={kind} label={t(`endpoints.kind.${wordOf(kind)}`)} />)}
          </SimpleGrid>
        </Checkbox.Group>
        {isAboutSegments && <Segments chosen={segments} choose={setSegments} />}
        {isAboutEvents && <TagsInput label={t("endpoints.events")} description={t("endpoints.events_hint")} data={(names.data?.items ?? []).map((one) => one.name)} value={events} onChange={setEvents} maxTags={200} />}
        {wants.length === 0 && <Text c="dimmed" fz="sm">{t("endpoints.wants_hint")}</Text>}
        {error && <Failure error={error} />}
        <Group><Button type="submit" loading={isPending} disabled={wants.length === 0}>{action}</Button></Group>
      </Stack>
    </form>
  );
}
