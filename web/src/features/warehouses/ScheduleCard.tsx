import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, Card, Failure, Group, NativeSelect, Stack, TextInput, say } from "@/ui";
import { useSetSchedule } from "./queries";
import type { Schedule, Warehouse } from "./types";

type When = "never" | Schedule["every"];
const WHEN: When[] = ["never", "minutes", "hours", "day"];

/** When it is read, and a way to let that rest. */
export function ScheduleCard({ one }: { one: Warehouse }) {
  const { t } = useTranslation();
  const [when, setWhen] = useState<When>(one.schedule?.every ?? "never");
  const [amount, setAmount] = useState(String(one.schedule?.amount ?? 15));
  const [at, setAt] = useState(one.schedule?.at?.slice(0, 5) ?? "06:00");
  const save = useSetSchedule(one.id);
  const isNumber = when === "minutes" || when === "hours";
  const schedule: Schedule | null = when === "never" ? null : { every: when, amount: isNumber ? Number(amount) : 1, at: when === "day" ? at : null };
  const put = (is_paused: boolean, given: Schedule | null) => { save.mutate({ schedule: given, is_paused }, { onSuccess: () => { say(t("warehouses.saved")); } }); };
  return (
    <Card title={t("warehouses.schedule")}>
      <Stack>
        <Group align="end">
          <NativeSelect aria-label={t("warehouses.schedule")} value={when} onChange={(event) => { setWhen(event.currentTarget.value as When); }} data={WHEN.map((value) => ({ value, label: t(`warehouses.every.${value}`) }))} />
          {isNumber && <TextInput type="number" min={1} max={1440} w={90} dir="ltr" aria-label={t("warehouses.amount")} value={amount} onChange={(event) => { setAmount(event.currentTarget.value); }} />}
          {when === "day" && <TextInput type="time" w={120} dir="ltr" aria-label={t("warehouses.time")} value={at} onChange={(event) => { setAt(event.currentTarget.value); }} />}
        </Group>
        {save.isError && <Failure error={save.error} />}
        <Group>
          <Button size="xs" variant="default" loading={save.isPending} onClick={() => { put(one.is_paused, schedule); }}>{t("settings.save")}</Button>
          {one.schedule && <Button size="xs" variant="subtle" onClick={() => { put(!one.is_paused, one.schedule); }}>{t(one.is_paused ? "warehouses.resume" : "warehouses.pause")}</Button>}
        </Group>
      </Stack>
    </Card>
  );
}
