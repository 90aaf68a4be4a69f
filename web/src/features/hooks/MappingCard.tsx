import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, CodeBlock, Failure, Group, IconSend, Note, Stack, Text, Textarea, TextInput, say, useDebouncedValue } from "@/ui";
import { useChangeHook, useSend, useTrial } from "./queries";
import { BEGINNING, pretty } from "./sample";
import type { Hook, Sample, Trial } from "./types";

const CODE = { input: { fontFamily: "monospace", fontSize: 13 } };

function Result({ trial }: { trial: Trial }) {
  const { t } = useTranslation();
  const format = useFormat();
  const made = trial.items.flat();
  return (
    <>
      {trial.problems.map((one) => (
        <Note key={`${String(one.item)} ${one.problem}`} tone="no">{t("hooks.item_problem", { item: format.number(one.item + 1) })} <bdi dir="auto">{one.problem}</bdi></Note>
      ))}
      <Text fw={600} fz="sm">{t("hooks.makes", { count: trial.messages, number: format.number(trial.messages) })}</Text>
      {made.length > 0 && <CodeBlock plain code={JSON.stringify(made.length === 1 ? made[0] : made, null, 2)} label={t("hooks.result")} />}
    </>
  );
}

/** The expression, a body to try it on, and what it makes of that as it is written. */
export function MappingCard({ hook, sample, setSample }: { hook: Hook; sample: Sample; setSample: (sample: Sample) => void }) {
  const { t } = useTranslation();
  const [items, setItems] = useState(hook.items);
  const [mapping, setMapping] = useState(hook.mapping || BEGINNING);
  const [given] = useDebouncedValue({ items, mapping, sample }, 400);
  const trial = useTrial(hook.id, given);
  const change = useChangeHook(hook.id);
  const send = useSend(hook.id);
  const isSaved = items === hook.items && mapping === hook.mapping;
  const save = () => { change.mutate({ items, mapping }, { onSuccess: () => { say(t("hooks.saved")); } }); };
  return (
    <Card title={t("hooks.mapping")}>
      <Stack>
        <Text c="dimmed" mt={-8} fz="sm">{t("hooks.mapping_lead")}</Text>
        <Textarea
          label={t("hooks.sample")} description={t("hooks.sample_hint")} dir="ltr" autosize minRows={4} maxRows={14} spellCheck={false} styles={CODE}
          value={pretty(sample.body)} onChange={(event) => { setSample({ ...sample, body: event.currentTarget.value }); }}
        />
        <TextInput
          label={t("hooks.items")} description={t("hooks.items_hint")} placeholder="data.orders" dir="ltr" spellCheck={false} styles={CODE}
          value={items} onChange={(event) => { setItems(event.currentTarget.value); }}
        />
        <Textarea
          label={t("hooks.expression")} dir="ltr" autosize minRows={8} maxRows={28} spellCheck={false} styles={CODE}
          value={mapping} onChange={(event) => { setMapping(event.currentTarget.value); }}
        />
        {trial.isError && <Failure error={trial.error} retry={() => void trial.refetch()} />}
        <div aria-live="polite" style={{ display: "contents" }}>{trial.data && <Result trial={trial.data} />}</div>
        {change.isError && <Failure error={change.error} />}
        {send.isError && <Failure error={send.error} />}
        <Group gap="xs">
          <Button disabled={isSaved || !mapping.trim()} loading={change.isPending} onClick={save}>{t("hooks.save")}</Button>
          <Button
            variant="default" leftSection={<IconSend size={16} />} disabled={!isSaved || !hook.mapping} loading={send.isPending}
            onClick={() => { send.mutate(sample, { onSuccess: () => { say(t("hooks.sent")); } }); }}
          >
            {t("hooks.send")}
          </Button>
        </Group>
      </Stack>
    </Card>
  );
}
