import { useTranslation } from "react-i18next";
import { useEventNames } from "@/features/segments/queries";
import { Button, Group, IconPlus, NativeSelect, Stack, Text, TextInput } from "@/ui";
import type { Metric, Problem, Test, Variant } from "../types";
import { StepCard } from "./StepCard";
import type { Part } from "./useDraft";
import { VariantFields } from "./VariantFields";

const LETTERS = "ABCDEFGH";
const FIRST_TEST: Test = { percent: 20, metric: { kind: "click" }, wait: { amount: 4, unit: "hours" }, certainty: 95, tie: null };
const UNITS = ["minutes", "hours", "days"] as const;

/** How many test, what counts, how long we wait, and what happens when nothing is shown. */
function TestFields({ test, variants, change }: { test: Test; variants: Variant[]; change: (part: Partial<Test>) => void }) {
  const { t } = useTranslation();
  const events = useEventNames().data?.items ?? [];
  const { metric, wait } = test;
  const count = (kind: string): Metric => (kind === "event" ? { kind, name: events[0]?.name ?? "Order Completed", where: [] } : { kind: kind === "open" ? "open" : "click" });
  return (
    <Stack gap="sm">
      <Group align="end">
        <TextInput type="number" min={1} max={100} w={150} label={t("campaigns.test_percent")} value={test.percent} onChange={(event) => { change({ percent: Number(event.currentTarget.value) }); }} />
        <NativeSelect label={t("campaigns.test_metric")} value={metric.kind} onChange={(event) => { change({ metric: count(event.currentTarget.value) }); }} data={(["open", "click", "event"] as const).map((one) => ({ value: one, label: t(`campaigns.metric.${one}`) }))} />
        {metric.kind === "event" && <NativeSelect aria-label={t("campaigns.metric.event")} value={metric.name} onChange={(event) => { change({ metric: { ...metric, name: event.currentTarget.value } }); }} data={[...new Set([metric.name, ...events.map((one) => one.name)])]} />}
        <TextInput type="number" min={1} w={110} label={t("campaigns.test_wait")} value={wait.amount} onChange={(event) => { change({ wait: { ...wait, amount: Math.max(1, Number(event.currentTarget.value)) } }); }} />
        <NativeSelect aria-label={t("campaigns.unit_of_wait")} value={wait.unit} onChange={(event) => { change({ wait: { ...wait, unit: UNITS.find((one) => one === event.currentTarget.value) ?? "hours" } }); }} data={UNITS.map((one) => ({ value: one, label: t(`campaigns.unit.${one}`) }))} />
      </Group>
      <NativeSelect
        maw={420} label={t("campaigns.test_tie")} value={test.tie ?? ""} onChange={(event) => { change({ tie: event.currentTarget.value || null }); }}
        data={[{ value: "", label: t("campaigns.tie_me") }, ...variants.map((one) => ({ value: one.name, label: t("campaigns.tie_variant", { name: one.name }) }))]}
      />
      <Text c="dimmed" fz="sm">{t("campaigns.test_lead")}</Text>
    </Stack>
  );
}

/** What they get: one mail, or several that compete. */
export function WhatCard({ definition, change, problems, id }: Part & { problems: Problem[]; id: number }) {
  const { t } = useTranslation();
  const { variants, test } = definition;
  const put = (place: number) => (part: Partial<Variant>, field = "") => {
    const before = variants[place]?.name;
    const next = variants.map((one, at) => (at === place ? { ...one, ...part } : one));
    const isTie = part.name !== undefined && test?.tie === before;
    change({ variants: next, ...(isTie && test ? { test: { ...test, tie: part.name ?? null } } : {}) }, field && `${String(place)} ${field}`);
  };
  const add = () => {
    const name = [...LETTERS].find((one) => variants.every((other) => other.name !== one)) ?? `${String(variants.length + 1)}`;
    change({ variants: [...variants, { name, template: variants[0]?.template ?? "", subject: null, sender_name: null, at: null }], test: test ?? FIRST_TEST });
  };
  const remove = (place: number) => {
    const next = variants.filter((_, at) => at !== place);
    change({ variants: next, test: next.length > 1 && test ? { ...test, tie: next.some((one) => one.name === test.tie) ? test.tie : null } : null });
  };
  const mine = (one: Variant, place: number) => problems.filter((problem) => problem.variant === one.name || problem.field.startsWith(`variants[${String(place)}]`));
  return (
    <StepCard number={2} title={t("campaigns.what")} side={variants.length < LETTERS.length && <Button size="xs" variant="default" leftSection={<IconPlus size={15} aria-hidden />} onClick={add}>{t("campaigns.add_variant")}</Button>}>
      <Stack>
        {variants.map((one, place) => {
          const fields = <VariantFields key={place} id={id} variant={one} isAlone={variants.length === 1} problems={mine(one, place)} change={put(place)} remove={() => { remove(place); }} hasClock={definition.when.kind === "local"} />;
          return variants.length === 1 ? fields : <div key={place} className="hd-variant">{fields}</div>;
        })}
        {test && <TestFields test={test} variants={variants} change={(part) => { change({ test: { ...test, ...part } }); }} />}
      </Stack>
    </StepCard>
  );
}
