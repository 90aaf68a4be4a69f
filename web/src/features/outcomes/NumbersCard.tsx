import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { parseDecimal } from "@/i18n/format";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Failure, Group, Loading, SimpleGrid, Stack, Text, TextInput, say } from "@/ui";
import { useNumbers, useSaveNumbers } from "./queries";
import type { Numbers } from "./types";

const FIELDS = ["soft_bounces", "soft_days", "complaint_rate", "bounce_rate", "brake_least", "brake_hours"] as const;
const SHARES: readonly string[] = ["complaint_rate", "bounce_rate"];

function Form({ numbers, isAdmin }: { numbers: Numbers; isAdmin: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const save = useSaveNumbers();
  const shown = (name: (typeof FIELDS)[number]) => format.number(SHARES.includes(name) ? Math.round(numbers[name] * 100_000) / 1000 : numbers[name]);
  const [texts, setTexts] = useState(() => Object.fromEntries(FIELDS.map((name) => [name, shown(name)])));
  const read = (name: string) => parseDecimal(texts[name] ?? "");
  const isComplete = FIELDS.every((name) => read(name) !== null);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!isComplete) return;
    const given = Object.fromEntries(FIELDS.map((name) => [name, SHARES.includes(name) ? (read(name) ?? 0) / 100 : (read(name) ?? 0)])) as unknown as Numbers;
    save.mutate(given, { onSuccess: () => { say(t("settings.saved")); } });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text c="dimmed" mt={-8}>{t("outcomes.numbers_lead")}</Text>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {FIELDS.map((name) => (
            <TextInput
              key={name} label={t(`outcomes.${name}`)} inputMode="decimal" required readOnly={!isAdmin} value={texts[name]} error={read(name) === null && t("outcomes.no_number")}
              onChange={(event) => { setTexts({ ...texts, [name]: event.currentTarget.value }); }}
            />
          ))}
        </SimpleGrid>
        {save.isError && <Failure error={save.error} />}
        {isAdmin && <Group><Button type="submit" size="xs" disabled={!isComplete} loading={save.isPending}>{t("settings.save")}</Button></Group>}
      </Stack>
    </form>
  );
}

/** From how many reports on something follows. */
export function NumbersCard({ isAdmin }: { isAdmin: boolean }) {
  const { t } = useTranslation();
  const numbers = useNumbers();
  return (
    <Card title={t("outcomes.numbers")}>
      {numbers.isError && <Failure error={numbers.error} retry={() => void numbers.refetch()} />}
      {numbers.isPending && <Loading rows={2} />}
      {numbers.data && <Form numbers={numbers.data} isAdmin={isAdmin} />}
    </Card>
  );
}
