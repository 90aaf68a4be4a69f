import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { problemOf } from "@/api/problem";
import { useLanguage } from "@/i18n/useFormat";
import { BackLink, Button, Card, Failure, Group, NativeSelect, Page, Stack, TextInput } from "@/ui";
import type { Trigger } from "../graph";
import { keyOf } from "./keys";
import { putDraft } from "./queries";
import { triggersOf } from "./triggers";

/** A journey from nothing: its name, and what lets people in. All else is drawn. */
export default function NewJourneyScreen() {
  const { t } = useTranslation();
  const language = useLanguage();
  const navigate = useNavigate();
  const forms = triggersOf(new Date().toISOString().slice(0, 10));
  const [name, setName] = useState("");
  const [kind, setKind] = useState("event");
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const key = keyOf(name);
    const trigger = { kind, ...forms.find((one) => one.value === kind)?.make() } as Trigger;
    const graph = { key, names: { [language]: name.trim() }, trigger, reentry: { kind: "never" as const }, run_key: null, exit_on: [], goal: null, nodes: { end: { kind: "exit" as const, reason: t("edit.exit_reason") } }, start: "end" };
    try {
      await putDraft(key, graph, 0);
      await navigate(`/journeys/${key}/edit`);
    } catch (caught) {
      setError(caught);
    }
  };
  return (
    <Page title={t("edit.new")} back={<BackLink to="/journeys">{t("app.place.journeys")}</BackLink>} lead={t("edit.new_lead")}>
      <Card>
        <form onSubmit={(event) => void submit(event)}>
          <Stack maw={520}>
            <TextInput required autoFocus label={t("edit.name")} maxLength={100} dir="auto" value={name} onChange={(event) => { setError(null); setName(event.currentTarget.value); }} />
            <NativeSelect label={t("edit.field.trigger")} value={kind} data={forms.map((one) => ({ value: one.value, label: t(`edit.choice.trigger.${one.value}`) }))} onChange={(event) => { setKind(event.currentTarget.value); }} />
            {error !== null && <Failure error={problemOf(error)} />}
            <Group><Button type="submit" disabled={name.trim() === ""}>{t("edit.make")}</Button></Group>
          </Stack>
        </form>
      </Card>
    </Page>
  );
}
