import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { LANGUAGES, LANGUAGE_NAMES, directionOf } from "@/i18n/languages";
import { Button, Failure, Group, SegmentedControl, SimpleGrid, Stack, Text, TextInput } from "@/ui";
import { keyOf } from "./keyOf";
import type { NewTopic } from "./queries";
import type { Texts, Topic } from "./types";

/** The four names that people see, each in its own language and direction. */
function Names({ value, onChange }: { value: Texts; onChange: (names: Texts) => void }) {
  const { t } = useTranslation();
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      {LANGUAGES.map((one) => (
        <TextInput
          key={one} label={t("consent.name_in", { language: LANGUAGE_NAMES[one] })} lang={one} dir={directionOf(one)} maxLength={200}
          value={value[one] ?? ""} onChange={(event) => { onChange({ ...value, [one]: event.currentTarget.value }); }}
        />
      ))}
    </SimpleGrid>
  );
}

function filledOf(names: Texts): Texts {
  return Object.fromEntries(Object.entries(names).filter(([, name]) => name.trim() !== "").map(([language, name]) => [language, name.trim()]));
}

interface Props {
  topic?: Topic;
  submit: (topic: NewTopic) => void;
  isPending: boolean;
  error: unknown;
  close: () => void;
}

/** A topic, new or renamed. What it is called inside stays for good. */
export function TopicForm({ topic, submit, isPending, error, close }: Props) {
  const { t } = useTranslation();
  const [names, setNames] = useState<Texts>(topic?.names ?? {});
  const [typedKey, setTypedKey] = useState<string | null>(null);
  const [stream, setStream] = useState<Topic["stream"]>("marketing");
  const filled = filledOf(names);
  const key = topic?.key ?? typedKey ?? keyOf(filled);
  const send = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    submit({ key, names: filled, stream });
  };
  return (
    <form onSubmit={send}>
      <Stack>
        <Names value={names} onChange={setNames} />
        <Text c="dimmed" fz="sm" mt={-8}>{t("consent.names_hint")}</Text>
        {!topic && (
          <>
            <div>
              <SegmentedControl
                aria-label={t("consent.stream")} value={stream} onChange={(value) => { setStream(value === "transactional" ? "transactional" : "marketing"); }}
                data={[{ value: "marketing", label: t("consent.stream_of.marketing") }, { value: "transactional", label: t("consent.stream_of.transactional") }]}
              />
              <Text c="dimmed" fz="sm" mt={6}>{t(`consent.stream_lead.${stream}`)}</Text>
            </div>
            <TextInput
              required label={t("consent.key")} description={t("consent.key_hint")} dir="ltr" pattern="[a-z0-9_]{1,64}" maxLength={64} maw={360}
              value={key} onChange={(event) => { setTypedKey(event.currentTarget.value); }}
            />
          </>
        )}
        {error !== null && <Failure error={error} />}
        <Group gap="xs">
          <Button type="submit" loading={isPending} disabled={Object.keys(filled).length === 0}>{topic ? t("consent.save") : t("consent.make_topic")}</Button>
          <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
        </Group>
      </Stack>
    </form>
  );
}
