import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useTopics } from "@/features/segments/queries";
import { pickName } from "@/i18n/names";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { Button, Failure, Group, NativeSelect, Num, Stack, Text, TextInput, say, useDebouncedValue } from "@/ui";
import { Estimated } from "./Estimated";
import { useEffectOf, useSaveCap } from "./queries";
import { UNITS, type Cap, type NewCap } from "./types";

const DRAFT: NewCap = { name: "", most: 3, amount: 1, unit: "weeks", channel: null, topic: null };
const MOST = 1000;

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= MOST;
}

/** A cap, new or changed, with what it would have held back of last month's messages. */
export function CapForm({ cap, done }: { cap?: Cap; done: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const language = useLanguage();
  const topics = useTopics();
  const [draft, setDraft] = useState<NewCap>(cap ?? DRAFT);
  const isComplete = isCount(draft.most) && isCount(draft.amount);
  const [asked] = useDebouncedValue(draft, 400);
  const effect = useEffectOf([{ ...asked, name: asked.name || "?" }], null, isCount(asked.most) && isCount(asked.amount));
  const save = useSaveCap(() => { say(t("settings.saved")); done(); });
  const change = (some: Partial<NewCap>) => { save.reset(); setDraft({ ...draft, ...some }); };
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (isComplete) save.mutate({ ...draft, ...(cap ? { id: cap.id } : {}) });
  };
  const marketing = (topics.data?.items ?? []).filter((one) => one.stream === "marketing");
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput required label={t("sending.cap_name")} placeholder={t("sending.cap_name_hint")} maxLength={100} dir="auto" value={draft.name} onChange={(event) => { change({ name: event.currentTarget.value }); }} />
        <Group align="end" grow preventGrowOverflow={false}>
          <TextInput type="number" min={1} max={MOST} label={t("sending.cap_most")} value={draft.most || ""} onChange={(event) => { change({ most: Number(event.currentTarget.value) }); }} />
          <TextInput type="number" min={1} max={MOST} label={t("sending.cap_in")} value={draft.amount || ""} onChange={(event) => { change({ amount: Number(event.currentTarget.value) }); }} />
          <NativeSelect aria-label={t("sending.cap_unit")} value={draft.unit} data={UNITS.map((one) => ({ value: one, label: t(`sending.unit.${one}`) }))} onChange={(event) => { change({ unit: event.currentTarget.value as NewCap["unit"] }); }} />
        </Group>
        <NativeSelect
          label={t("sending.cap_about")}
          value={draft.topic ?? ""}
          data={[{ value: "", label: t("sending.cap_all") }, ...marketing.map((one) => ({ value: one.key, label: pickName(one.names, language, one.key) }))]}
          onChange={(event) => { change({ topic: event.currentTarget.value || null }); }}
        />
        {effect.data && (
          <Text c="dimmed" fz="sm" aria-live="polite">
            <Num>{t("sending.would_hold", { number: format.number(effect.data.held["0"] ?? 0), sent: format.number(effect.data.sent) })}</Num> <Estimated effect={effect.data} />
          </Text>
        )}
        {save.isError && <Failure error={save.error} />}
        <Group gap="xs">
          <Button type="submit" disabled={!isComplete} loading={save.isPending}>{t("settings.save")}</Button>
          <Button variant="default" onClick={done}>{t("app.cancel")}</Button>
        </Group>
      </Stack>
    </form>
  );
}
