import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { useDraft } from "@/features/journeys/editor/queries";
import { useJourneyNames } from "@/features/segments/queries";
import { useWords } from "@/features/segments/useWords";
import { useFormat, useNow } from "@/i18n/useFormat";
import { parseDecimal } from "@/i18n/format";
import { BackLink, Button, Card, Failure, Group, MultiSelect, Note, Page, SegmentedControl, SimpleGrid, Stack, Text, TextInput } from "@/ui";
import { EventsField } from "./EventsField";
import { PersonField } from "./PersonField";
import { useCreate } from "./queries";
import type { Injected, Wanted } from "./types";

const RATES = { opened: 25, clicked: 3, ordered: 1 };

function isoDay(now: Date, days: number): string {
  return new Date(now.getTime() + days * 86_400_000).toISOString().slice(0, 10);
}

/** What shall be rehearsed: which journeys, over which time, with everybody or one person, and what is assumed. */
export default function NewRehearsalScreen() {
  const { t } = useTranslation();
  const words = useWords();
  const format = useFormat();
  const now = useNow();
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const drafted = params.get("draft");
  const draft = useDraft(drafted ?? "", drafted !== null);
  const known = useJourneyNames().data?.items ?? [];
  const [journeys, setJourneys] = useState<string[]>(() => params.getAll("journey"));
  const [when, setWhen] = useState<"past" | "future" | "person">("past");
  const [span, setSpan] = useState(() => ({ from: isoDay(now, -14), to: isoDay(now, 0) }));
  const [days, setDays] = useState("30");
  const [person, setPerson] = useState<number | null>(null);
  const [events, setEvents] = useState<Injected[]>([]);
  const [rates, setRates] = useState(() => ({ opened: String(RATES.opened), clicked: String(RATES.clicked), ordered: String(RATES.ordered), value: "" }));
  const create = useCreate((id) => void navigate(`/rehearsals/${String(id)}`));
  const percent = (name: keyof typeof RATES) => (parseDecimal(rates[name]) ?? RATES[name]) / 100;
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const time = when === "future" ? { days_ahead: parseDecimal(days) ?? 30 } : span;
    const whom = when === "person" && person !== null ? { person_id: person } : {};
    const wanted: Wanted = {
      journeys, ...time, ...whom, events: when === "person" ? events : [], ...(draft.data ? { graph: draft.data.graph } : {}),
      rates: { opened: percent("opened"), clicked: percent("clicked"), ordered: percent("ordered"), value: parseDecimal(rates.value) },
    };
    create.mutate(wanted);
  };
  const day = (name: "from" | "to") => (
    <TextInput type="date" required label={t(`journeys.${name}`)} description={format.date(`${span[name]}T12:00:00Z`)} value={span[name]} onChange={(event) => { const { value } = event.currentTarget; if (value) setSpan({ ...span, [name]: value }); }} />
  );
  const rate = (name: keyof typeof rates) => (
    <TextInput label={t(`rehearsals.rate.${name}`)} inputMode="decimal" placeholder={name === "value" ? t("rehearsals.as_lately") : undefined} value={rates[name]} onChange={(event) => { setRates({ ...rates, [name]: event.currentTarget.value }); }} />
  );
  return (
    <Page title={t("rehearsals.new")} back={<BackLink to="/rehearsals">{t("rehearsals.title")}</BackLink>} lead={t("rehearsals.lead")}>
      <form onSubmit={submit}>
        <Stack gap={20}>
          <Card title={t("rehearsals.what")}>
            <Stack>
              {drafted !== null && <Note>{t("rehearsals.with_draft", { name: words.journey(drafted) })}</Note>}
              <MultiSelect label={t("rehearsals.journeys")} description={t(drafted === null ? "rehearsals.journeys_hint" : "rehearsals.beside_draft")} searchable data={known.filter((one) => one.key !== drafted).map(({ key }) => ({ value: key, label: words.journey(key) }))} value={journeys} onChange={setJourneys} />
            </Stack>
          </Card>
          <Card title={t("rehearsals.when")}>
            <Stack>
              <SegmentedControl value={when} onChange={setWhen} data={(["past", "future", "person"] as const).map((one) => ({ value: one, label: t(`rehearsals.over.${one}`) }))} aria-label={t("rehearsals.when")} style={{ alignSelf: "start", maxWidth: "100%" }} />
              <Text c="dimmed" fz="sm">{t(`rehearsals.over_hint.${when}`)}</Text>
              {when === "future" ? <TextInput maw={220} label={t("rehearsals.days_ahead")} inputMode="numeric" value={days} onChange={(event) => { setDays(event.currentTarget.value); }} /> : <Group align="start">{day("from")}{day("to")}</Group>}
              {when === "person" && <><PersonField value={person} change={setPerson} /><EventsField events={events} change={setEvents} /></>}
            </Stack>
          </Card>
          <Card title={t("rehearsals.assumed")}>
            <SimpleGrid cols={{ base: 1, sm: 2, md: 4 }}>{rate("opened")}{rate("clicked")}{rate("ordered")}{rate("value")}</SimpleGrid>
          </Card>
          {create.isError && <Failure error={create.error} />}
          <Group><Button type="submit" loading={create.isPending} disabled={(when === "person" && person === null) || (drafted !== null && !draft.data)}>{t("journeys.rehearse_go")}</Button></Group>
        </Stack>
      </form>
    </Page>
  );
}
