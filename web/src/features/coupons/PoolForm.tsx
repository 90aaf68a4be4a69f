import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { parseWhole } from "@/i18n/format";
import { Button, Failure, Group, SegmentedControl, Stack, TextInput } from "@/ui";
import type { NewPool } from "./queries";

interface Props {
  submit: (pool: NewPool) => void;
  isPending: boolean;
  error: unknown;
  close: () => void;
}

/** What is neither empty nor a whole number in the reader's digits. */
function isWrong(text: string): boolean {
  return text.trim() !== "" && parseWhole(text) === null;
}

/** What a new pool is called, where its codes come from, and how long they are good. */
export function PoolForm({ submit, isPending, error, close }: Props) {
  const { t } = useTranslation();
  const [from, setFrom] = useState<"brought" | "made">("brought");
  const [texts, setTexts] = useState({ name: "", key: "", pattern: "SPRING-####-###%", url: "", days: "", low: "100" });
  const field = (name: keyof typeof texts, isLatin = false) => ({
    label: t(`coupons.${name}`),
    description: t(`coupons.${name}_hint`),
    value: texts[name],
    onChange: (event: { currentTarget: { value: string } }) => { setTexts({ ...texts, [name]: event.currentTarget.value }); },
    error: (name === "days" || name === "low") && isWrong(texts[name]) && t("coupons.whole"),
    ...(isLatin ? { dir: "ltr" } : {}),
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (isWrong(texts.days) || isWrong(texts.low)) return;
    submit({
      key: texts.key.trim(), name: texts.name, url: texts.url.trim(), valid_days: parseWhole(texts.days), low_at: parseWhole(texts.low) ?? 0,
      pattern: from === "made" ? texts.pattern.trim().toUpperCase() : "",
    });
  };
  return (
    <form onSubmit={send}>
      <Stack>
        <TextInput required dir="auto" {...field("name")} />
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
        <Group><Button type="submit" loading={isPending}>{t("coupons.make")}</Button><Button variant="default" onClick={close}>{t("app.cancel")}</Button></Group>
      </Stack>
    </form>
  );
}
