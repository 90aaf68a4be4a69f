import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { Button, Failure, Group, SegmentedControl, Stack, TextInput } from "@/ui";
import type { NewPool } from "./queries";

interface Props {
  submit: (pool: NewPool) => void;
  isPending: boolean;
  error: unknown;
}

/** A whole number, or nothing. */
function whole(text: string): number | null {
  const number = Number(text);
  return text.trim() && Number.isInteger(number) ? number : null;
}

/** What a new pool is called, where its codes come from, and how long they are good. */
export function PoolForm({ submit, isPending, error }: Props) {
  const { t } = useTranslation();
  const [from, setFrom] = useState<"brought" | "made">("brought");
  const [texts, setTexts] = useState({ name: "", key: "", pattern: "SPRING-####-###%", url: "", days: "", low: "100" });
  const field = (name: keyof typeof texts, isLatin = false) => ({
    label: t(`coupons.${name}`),
    description: t(`coupons.${name}_hint`),
    value: texts[name],
    onChange: (event: { currentTarget: { value: string } }) => { setTexts({ ...texts, [name]: event.currentTarget.value }); },
    ...(isLatin ? { dir: "ltr" } : {}),
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    submit({
      key: texts.key.trim(), name: texts.name, url: texts.url.trim(), valid_days: whole(texts.days), low_at: whole(texts.low) ?? 0,
      pattern: from === "made" ? texts.pattern.trim().toUpperCase() : "",
    });
  };
  return (
    <form onSubmit={send}>
      <Stack>
        <TextInput required {...field("name")} />
        <TextInput required {...field("key", true)} />
        <SegmentedControl
          value={from} onChange={(value) => { setFrom(value === "made" ? "made" : "brought"); }}
          data={[{ value: "brought", label: t("coupons.brought") }, { value: "made", label: t("coupons.made") }]}
        />
        {from === "made" && <TextInput required {...field("pattern", true)} />}
        <TextInput inputMode="numeric" {...field("days")} />
        <TextInput {...field("url", true)} />
        <TextInput inputMode="numeric" {...field("low")} />
        {error !== null && <Failure error={error} />}
        <Group><Button type="submit" loading={isPending}>{t("coupons.make")}</Button></Group>
      </Stack>
    </form>
  );
}
