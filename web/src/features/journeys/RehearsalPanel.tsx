import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Bars, Button, Card, Facts, Failure, Group, Note, Num, SimpleGrid, Stack, Text, TextInput } from "@/ui";
import type { Flow } from "./boxes";
import { flowOf } from "./flow";
import { useRehearse } from "./queries";
import { perDay } from "./rehearsal";
import type { Journey, Rehearsal } from "./types";

interface PanelProps {
  journey: Journey;
  shown: boolean;
  show: (flow: Flow | null) => void;
}

function Result({ result }: { result: Rehearsal }) {
  const { t } = useTranslation();
  const format = useFormat();
  const number = (value: number) => <Num>{format.number(value)}</Num>;
  const skips = Object.entries(result.skips).map(([reason, count]): [string, React.ReactNode] => [t(`messages.reason.${reason}`), number(count)]);
  const bars = perDay(result).map(({ day, count }) => ({ key: day, value: count, label: t("journeys.day", { day: format.date(`${day}T12:00:00Z`), number: format.number(count), count }) }));
  return (
    <Stack>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl">
        <Facts
          items={[
            [t("journeys.result.people"), number(result.people)],
            [t("journeys.result.deliverable"), number(result.deliverable)],
            [t("journeys.result.goal"), number(result.goal)],
            [t("journeys.result.exited"), number(result.exited)],
            [t("journeys.result.finished"), number(result.finished)],
            [t("journeys.result.waiting"), number(result.waiting)],
            ...skips,
          ]}
        />
        {bars.length > 0 && <Bars bars={bars} label={t("journeys.per_day")} start={format.date(result.from)} end={format.date(result.to)} />}
      </SimpleGrid>
      <Note>{t("journeys.assumed")} {format.list(result.assumptions.map((one) => t(`journeys.assumption.${one}`)))}</Note>
    </Stack>
  );
}

/** What would have happened: the same machinery over history, and nobody is written to. */
export function RehearsalPanel({ journey, shown, show }: PanelProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const rehearse = useRehearse(journey.key);
  const [span, setSpan] = useState(() => ({ from: isoDay(now, -7), to: isoDay(now, 0) }));
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    rehearse.mutate(span, { onSuccess: (result) => { show({ ...flowOf(journey.graph, result), here: undefined }); } });
  };
  const input = (name: "from" | "to") => (
    <TextInput
      type="date"
      label={t(`journeys.${name}`)}
      description={format.date(`${span[name]}T12:00:00Z`)}
      value={span[name]}
      max={isoDay(now, 0)}
      required
      onChange={(event) => { const { value } = event.currentTarget; if (value) setSpan((old) => ({ ...old, [name]: value })); }}
    />
  );
  return (
    <Card title={t("journeys.rehearse")}>
      <Text c="dimmed" mt={-8} mb="md">{t("journeys.rehearse_lead")}</Text>
      <form onSubmit={submit}>
        <Group align="end">
          {input("from")}
          {input("to")}
          <Button type="submit" variant={shown ? "default" : "light"} loading={rehearse.isPending}>{t("journeys.rehearse_go")}</Button>
          {shown && <Button variant="subtle" onClick={() => { rehearse.reset(); show(null); }}>{t("journeys.back_to_live")}</Button>}
        </Group>
      </form>
      {rehearse.isError && <Stack mt="md"><Failure error={rehearse.error} /></Stack>}
      {shown && rehearse.data && <Stack mt="lg"><Result result={rehearse.data} /></Stack>}
    </Card>
  );
}

function isoDay(now: Date, days: number): string {
  return new Date(now.getTime() + days * 86_400_000).toISOString().slice(0, 10);
}
