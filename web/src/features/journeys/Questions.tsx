import { useState } from "react";
import { useTranslation } from "react-i18next";
import { pickName } from "@/i18n/names";
import { useLanguage } from "@/i18n/useFormat";
import { Autocomplete, Button, Failure, Group, Modal, NativeSelect, Stack, Text, TextInput } from "@/ui";
import { useInstall } from "./queries";
import type { Answers, Question, ReadyJourney } from "./types";

interface FieldProps {
  question: Question;
  label: string;
  value: string;
  change: (value: string) => void;
}

/** Names of events, attributes, pages: those there are, or another one. */
function NameField({ question, label, value, change }: FieldProps) {
  const names = question.choices.map((one) => String(one.value));
  // With the guess in it, all choices are shown until something else is typed.
  const shown = names.includes(value) ? ({ options }: { options: unknown[] }) => options as never : undefined;
  return <Autocomplete label={label} data={names} filter={shown} value={value} onChange={change} dir="auto" maxDropdownHeight={220} />;
}

/** A topic, a pool, a segment: one of those there are, or the one that comes with the journey. */
function OneField({ question, label, value, change }: FieldProps) {
  const { t } = useTranslation();
  const there = question.choices.map((one) => ({ value: String(one.value), label: one.label }));
  const guess = String(question.guess ?? "");
  const own = { pool: t("journeys.ready.ask.new_pool"), segment: t("journeys.ready.ask.everybody"), topic: guess }[question.kind as "pool" | "segment" | "topic"];
  const data = there.some((one) => one.value === guess) ? there : [{ value: guess, label: own }, ...there];
  const note = question.kind === "pool" && value === guess && data.length > there.length ? t("journeys.ready.ask.pool_note") : undefined;
  return <NativeSelect label={label} description={note} data={data} value={value} onChange={(event) => { change(event.currentTarget.value); }} />;
}

function QuestionField(props: FieldProps) {
  const { question, label, value, change } = props;
  if (question.kind === "pool" || question.kind === "segment" || question.kind === "topic") return <OneField {...props} />;
  if (question.kind === "event" || question.kind === "attribute" || question.kind === "text") return <NameField {...props} />;
  const range = question.kind === "days" ? { type: "number", min: question.least, max: question.most } : { type: "datetime-local" };
  return <TextInput {...range} label={label} maw={260} value={value} onChange={(event) => { change(event.currentTarget.value); }} />;
}

function toAnswers(questions: Question[], values: Record<string, string>): Answers {
  return Object.fromEntries(questions.map((one) => {
    const value = values[one.key] ?? "";
    return [one.key, value !== "" && (one.kind === "days" || one.kind === "segment") ? Number(value) : value];
  }));
}

/** Two questions at most before a ready journey is installed; what could be guessed stands there already. */
export function Questions({ ready, done, close }: { ready: ReadyJourney; done: () => void; close: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const install = useInstall(done);
  const [values, setValues] = useState(() => Object.fromEntries(ready.questions.map((one) => [one.key, String(one.guess ?? "")])));
  const isOpen = ready.questions.some((one) => !values[one.key]?.trim());
  return (
    <Modal opened onClose={close} title={t("journeys.ready.ask.title")} size="lg" closeButtonProps={{ "aria-label": t("app.close") }}>
      <form onSubmit={(event) => { event.preventDefault(); install.mutate({ key: ready.key, answers: toAnswers(ready.questions, values) }); }}>
        <Stack>
          <Text c="dimmed" fz="sm">{t("journeys.ready.ask.lead")}</Text>
          {ready.questions.map((one) => (
            <QuestionField
              key={one.key}
              question={one}
              label={pickName(one.texts, language, one.key)}
              value={values[one.key] ?? ""}
              change={(value) => { setValues((before) => ({ ...before, [one.key]: value })); }}
            />
          ))}
          {install.isError && <Failure error={install.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
            <Button type="submit" disabled={isOpen} loading={install.isPending}>{t("journeys.ready.install")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
