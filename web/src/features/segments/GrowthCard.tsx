import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Bars, Button, Card, Failure, Loading, NativeSelect, Num, Text } from "@/ui";
import { useGrowth } from "./queries";
import { stepsOf } from "./growth";
import type { Grown, Segment } from "./types";

const PERIODS = [30, 90, 365, 1825];
const MOST_BARS = 92;

function Table({ steps, on }: { steps: Grown[]; on: (day: string) => string }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div style={{ maxHeight: 320, overflow: "auto" }} tabIndex={0} role="region" aria-label={t("segments.growth.title")}>
      <table className="hd-table">
        <thead>
          <tr>
            <th scope="col">{t("segments.build.day")}</th>
            {["size", "entered", "exited"].map((one) => <th key={one} scope="col">{t(`segments.growth.${one}`)}</th>)}
          </tr>
        </thead>
        <tbody>
          {steps.toReversed().map((step) => (
            <tr key={step.day}>
              <th scope="row">{on(step.day)}{step.recounted && " *"}</th>
              <td><Num>{format.number(step.size)}</Num></td>
              <td><Num>{format.number(step.entered)}</Num></td>
              <td><Num>{format.number(step.exited)}</Num></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** How the segment grew, as columns or as a table. */
export function GrowthCard({ segment }: { segment: Pick<Segment, "id" | "count"> }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [days, setDays] = useState(30);
  const [isTable, setTable] = useState(false);
  const growth = useGrowth(segment, days);
  const steps = stepsOf(growth.data?.days ?? [], MOST_BARS);
  // A day is a day wherever the reader is: noon in UTC is on it almost everywhere.
  const on = (day: string) => format.date(`${day}T12:00:00Z`);
  const label = (step: Grown) => t("segments.growth.day", { day: on(step.day), size: format.number(step.size), entered: format.number(step.entered), exited: format.number(step.exited) });
  const [first, last] = [steps.at(0), steps.at(-1)];
  const choices = PERIODS.map((one) => ({ value: String(one), label: t("segments.window.days", { count: one, number: format.number(one) }) }));
  const side = <NativeSelect size="xs" aria-label={t("segments.growth.period")} data={choices} value={String(days)} onChange={(event) => { setDays(Number(event.currentTarget.value)); }} />;
  return (
    <Card title={t("segments.growth.title")} side={side}>
      {growth.isError && <Failure error={growth.error} retry={() => void growth.refetch()} />}
      {growth.isPending && <Loading rows={3} />}
      {growth.data && steps.length === 0 && <Text c="dimmed">{t("segments.growth.none")}</Text>}
      {first && last && (isTable
        ? <Table steps={steps} on={on} />
        : (
          <div className="hd-growth">
            <Bars
              label={t("segments.growth.title")}
              bars={steps.map((step) => ({ key: step.day, label: label(step), value: step.size, ...(step.entered > 0 ? { part: Math.min(step.entered, step.size) } : {}) }))}
              start={on(first.day)}
              end={on(last.day)}
            />
          </div>
        ))}
      {steps.some((step) => step.recounted) && isTable && <Text c="dimmed" fz="sm" mt="xs">* {t("segments.growth.recounted")}</Text>}
      {last && (
        <Text component="div" c="dimmed" fz="sm" mt="sm">
          {!isTable && <>{t("segments.growth.key")} </>}
          <Button size="compact-xs" variant="subtle" aria-pressed={isTable} onClick={() => { setTable(!isTable); }}>{t(isTable ? "segments.growth.as_chart" : "segments.growth.as_table")}</Button>
        </Text>
      )}
    </Card>
  );
}
