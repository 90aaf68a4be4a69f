import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { problemOf } from "@/api/problem";
import { Button, Failure, Group, NativeSelect, SimpleGrid, Stack, Text, TextInput, say } from "@/ui";
import { SettingField } from "./SettingField";
import { defaultsOf, shapesOf, toDraft, toWanted, type SenderDraft } from "./draft";
import { useSaveSender } from "./queries";
import { STREAMS, type Sender, type SenderKind } from "./types";

/** A new sender, or another way for one: its own fields, those of its kind, its limits. */
export function SenderForm({ sender, kinds, done }: { sender?: Sender; kinds: SenderKind[]; done: () => void }) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(() => toDraft(sender, kinds));
  const save = useSaveSender(sender?.id, () => { say(t("channels.saved")); done(); });
  const problem = save.isError ? problemOf(save.error) : null;
  const wrong = (name: string) => (problem?.field === name ? problem.remedy : undefined);
  const set = (change: Partial<SenderDraft>) => { save.reset(); setDraft({ ...draft, ...change }); };
  const text = (name: "name" | "from_name" | "from_email" | "reply_to" | "bounce_domain" | "per_second" | "per_day" | "warmup", isLatin = true) => ({
    label: t(`channels.field.${name}`), error: wrong(name), value: draft[name], dir: isLatin ? "ltr" as const : "auto" as const,
    onChange: (event: { currentTarget: { value: string } }) => { set({ [name]: event.currentTarget.value }); },
  });
  const kind = kinds.find((one) => one.kind === draft.kind);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => { event.preventDefault(); save.mutate(toWanted(draft)); };
  return (
    <form onSubmit={submit}>
      <Stack>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput required maxLength={100} description={t("channels.field.name_hint")} {...text("name", false)} />
          <NativeSelect
            label={t("channels.field.stream")} description={t("channels.field.stream_hint")} value={draft.stream}
            data={STREAMS.map((one) => ({ value: one, label: t(`channels.stream.${one}`) }))}
            onChange={(event) => { set({ stream: STREAMS.find((one) => one === event.currentTarget.value) ?? "both" }); }}
          />
        </SimpleGrid>
        <NativeSelect
          label={t("channels.field.kind")} disabled={sender !== undefined} value={draft.kind} data={kinds.map((one) => ({ value: one.kind, label: t(`channels.kind.${one.kind}`) }))}
          onChange={({ currentTarget }) => { set({ kind: currentTarget.value, settings: defaultsOf(currentTarget.value, kinds) }); }}
        />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {shapesOf(kind).map(([name, shape]) => (
            <SettingField
              key={`${draft.kind}.${name}`} name={name} shape={shape} isRequired={kind?.schema.required?.includes(name) ?? false} isKept={sender !== undefined && (kind?.secrets.includes(name) ?? false)}
              value={draft.settings[name] ?? ""} error={wrong(name)} change={(value) => { set({ settings: { ...draft.settings, [name]: value } }); }}
            />
          ))}
        </SimpleGrid>
        <Text fw={600}>{t("channels.letterhead")}</Text>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput maxLength={200} description={t("channels.field.from_hint")} {...text("from_name", false)} />
          <TextInput maxLength={320} description={t("channels.field.from_hint")} {...text("from_email")} />
          <TextInput maxLength={320} description={t("channels.field.reply_to_hint")} {...text("reply_to")} />
          <TextInput maxLength={253} description={t("channels.field.bounce_domain_hint")} {...text("bounce_domain")} />
        </SimpleGrid>
        <Text fw={600}>{t("channels.limits")}</Text>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput type="number" min={0.01} step="any" description={t("channels.field.per_second_hint")} {...text("per_second")} />
          <TextInput type="number" min={1} description={t("channels.field.per_day_hint")} {...text("per_day")} />
          <TextInput placeholder="50, 100, 200, 400, 800" pattern="[0-9\s,،;]*" description={t("channels.field.warmup_hint")} {...text("warmup")} />
          <TextInput
            type="date" dir="ltr" label={t("channels.field.warmup_from")} error={wrong("warmup_from")} disabled={draft.warmup === ""} required={draft.warmup !== ""}
            value={draft.warmup_from ?? ""} onChange={(event) => { set({ warmup_from: event.currentTarget.value || null }); }}
          />
        </SimpleGrid>
        {save.isError && <Failure error={save.error} />}
        <Group gap="xs"><Button type="submit" loading={save.isPending}>{t("channels.save")}</Button><Button variant="default" onClick={done}>{t("app.cancel")}</Button></Group>
      </Stack>
    </form>
  );
}
