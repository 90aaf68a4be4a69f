import { useState } from "react";
import { useTranslation } from "react-i18next";
import { RemoveButton } from "@/features/segments/fields";
import { useSecrets } from "@/features/secrets/queries";
import { Button, Group, IconPlus, Input, NativeSelect, Stack, Textarea, TextInput } from "@/ui";
import type { FieldProps } from "./fieldProps";
import { textOf, valuesOf } from "./values";

type Pair = [string, unknown];

/** Names with values, in the order in which they were written; a name that is empty or doubled waits here until it is one. */
function usePairs(value: unknown, change: (value: unknown) => void): [Pair[], (pairs: Pair[]) => void] {
  const [pairs, setPairs] = useState<Pair[]>(() => Object.entries(valuesOf(value)));
  const put = (next: Pair[]) => {
    setPairs(next);
    const whole = next.filter(([name]) => name.trim() !== "");
    change(whole.length > 0 ? Object.fromEntries(whole) : undefined);
  };
  return [pairs, put];
}

function AddButton({ add }: { add: () => void }) {
  const { t } = useTranslation();
  return <div><Button variant="light" size="compact-sm" leftSection={<IconPlus size={14} aria-hidden />} onClick={add}>{t("edit.add_row")}</Button></div>;
}

/** Headers of a request: a text, or a secret that is named and never shown. */
export function HeadersField({ label, description, error, value, change }: FieldProps) {
  const { t } = useTranslation();
  const secrets = useSecrets().data?.items ?? [];
  const [pairs, put] = usePairs(value, change);
  return (
    <Input.Wrapper label={label} description={description} error={error} labelElement="div">
      <Stack gap="sm" mt={6}>
        {pairs.map(([name, one], index) => {
          const secret = textOf(valuesOf(one).secret);
          const named = [...new Set([...secrets.map((each) => each.name), ...(secret ? [secret] : [])])];
          return (
            <div key={index} className="hd-edit-row">
              <Group gap="xs" wrap="nowrap">
                <TextInput className="hd-grow" dir="ltr" aria-label={t("edit.header_name")} placeholder="Authorization" value={name} onChange={(event) => { put(pairs.with(index, [event.currentTarget.value, one])); }} />
                <RemoveButton label={t("edit.remove_named", { name })} remove={() => { put(pairs.toSpliced(index, 1)); }} />
              </Group>
              <Group gap="xs" grow mt={6} align="end">
                <NativeSelect aria-label={t("edit.header_kind")} value={secret} data={[{ value: "", label: t("edit.header_text") }, ...named.map((each) => ({ value: each, label: t("edit.header_secret", { name: each }) }))]} onChange={(event) => { const next = event.currentTarget.value; put(pairs.with(index, [name, next ? { secret: next } : ""])); }} />
                {secret
                  ? <TextInput dir="ltr" aria-label={t("edit.header_before")} placeholder={t("edit.header_before")} value={textOf(valuesOf(one).before)} onChange={(event) => { const before = event.currentTarget.value; put(pairs.with(index, [name, before ? { secret, before } : { secret }])); }} />
                  : <TextInput dir="ltr" aria-label={t("edit.header_value")} value={textOf(one)} onChange={(event) => { put(pairs.with(index, [name, event.currentTarget.value])); }} />}
              </Group>
            </div>
          );
        })}
        <AddButton add={() => { put([...pairs, ["", ""]]); }} />
      </Stack>
    </Input.Wrapper>
  );
}

/** Texts by name. */
export function TextsField({ label, description, error, value, change }: FieldProps) {
  const { t } = useTranslation();
  const [pairs, put] = usePairs(value, change);
  return (
    <Input.Wrapper label={label} description={description} error={error} labelElement="div">
      <Stack gap={8} mt={6}>
        {pairs.map(([name, one], index) => (
          <Group key={index} gap="xs" wrap="nowrap">
            <TextInput className="hd-grow" dir="ltr" aria-label={t("edit.keep_name")} placeholder={t("edit.keep_name")} value={name} onChange={(event) => { put(pairs.with(index, [event.currentTarget.value, one])); }} />
            <TextInput className="hd-grow" dir="ltr" aria-label={t("edit.keep_place")} placeholder="balance.points" value={textOf(one)} onChange={(event) => { put(pairs.with(index, [name, event.currentTarget.value])); }} />
            <RemoveButton label={t("edit.remove_named", { name })} remove={() => { put(pairs.toSpliced(index, 1)); }} />
          </Group>
        ))}
        <AddButton add={() => { put([...pairs, ["", ""]]); }} />
      </Stack>
    </Input.Wrapper>
  );
}

/** JSON as it is written; what is none is not taken. */
export function JsonField({ label, description, error, value, change }: FieldProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(() => (value === undefined || value === null ? "" : JSON.stringify(value, null, 2)));
  const [isOff, setOff] = useState(false);
  const take = (text: string) => {
    setTyped(text);
    try {
      change(text.trim() === "" ? undefined : JSON.parse(text));
      setOff(false);
    } catch {
      setOff(true);
    }
  };
  return <Textarea label={label} description={description} dir="ltr" autosize minRows={3} maxRows={14} styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }} value={typed} error={isOff ? t("edit.not_json") : error} onChange={(event) => { take(event.currentTarget.value); }} />;
}
