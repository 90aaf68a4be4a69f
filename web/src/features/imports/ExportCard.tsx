import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSegmentList } from "@/features/segments/queries";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Button, Card, Checkbox, NativeSelect, Note, Stack, Text, TextInput } from "@/ui";
import { useExportColumns } from "./queries";
import { KINDS, type Kind } from "./types";

const FORMS = ["csv", "xlsx", "parquet", "ndjson"];
const DAY_MS = 86_400_000;

const isoDay = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** Which columns go out: all, or some; the first always does, it says whose file it is. */
function ColumnsField({ names, chosen, change }: { names: string[]; chosen: string[] | null; change: (names: string[] | null) => void }) {
  const { t } = useTranslation();
  const toggle = (name: string, on: boolean) => { change(on ? [...(chosen ?? []), name] : (chosen ?? []).filter((one) => one !== name)); };
  return (
    <Stack gap={8}>
      <Checkbox label={t("imports.exports.all_columns")} checked={chosen === null} onChange={(event) => { change(event.currentTarget.checked ? null : names.slice(1)); }} />
      {chosen && (
        <div className="hd-export-columns" role="group" aria-label={t("imports.exports.columns")}>
          {names.slice(1).map((name) => <Checkbox key={name} size="sm" label={<bdi>{name}</bdi>} checked={chosen.includes(name)} onChange={(event) => { toggle(name, event.currentTarget.checked); }} />)}
        </div>
      )}
    </Stack>
  );
}

/** Everybody or the members of a segment, what happened on some days, consent, or whom nobody writes to: in a form that comes back as it was. */
export function ExportCard() {
  const { t } = useTranslation();
  const format = useFormat();
  const today = useNow().getTime();
  const segments = useSegmentList().data?.items ?? [];
  const [kind, setKind] = useState<Kind>("people");
  const [form, setForm] = useState("csv");
  const [chosen, setChosen] = useState<string[] | null>(null);
  const [segment, setSegment] = useState("");
  const [days, setDays] = useState(() => ({ begin: isoDay(today - 29 * DAY_MS), end: isoDay(today) }));
  const options = [{ value: "", label: t("imports.exports.everybody") }, ...segments.map((one) => ({ value: String(one.id), label: one.name }))];
  // The server reads a day without an offset by the workspace's clock; the last day is meant whole.
  const period = { begin: days.begin, end: isoDay(Date.parse(days.end) + DAY_MS) };
  const names = useExportColumns().data?.[kind] ?? [];
  const some = form === "ndjson" ? null : chosen;
  const asked = new URLSearchParams({ format: form, ...(kind === "events" ? period : kind === "people" && segment ? { segment_id: segment } : {}) });
  some?.forEach((name) => { asked.append("columns", name); });
  const day = (name: "begin" | "end") => (
    <TextInput
      type="date"
      label={t(`imports.exports.${name}`)}
      description={format.date(`${days[name]}T12:00:00Z`)}
      value={days[name]}
      min={name === "end" ? days.begin : undefined}
      max={name === "begin" ? days.end : undefined}
      required
      onChange={(event) => { const { value } = event.currentTarget; if (value) setDays((old) => ({ ...old, [name]: value })); }}
    />
  );
  return (
    <Card title={t("imports.export")}>
      <Stack>
        <Text c="dimmed" fz="sm">{t("imports.export_lead")}</Text>
        <NativeSelect label={t("imports.exports.what")} data={KINDS.map((one) => ({ value: one, label: t(`imports.kinds.${one}`) }))} value={kind} onChange={(event) => { setKind(event.currentTarget.value as Kind); setChosen(null); }} />
        {kind === "people" && <NativeSelect label={t("imports.exports.whom")} data={options} value={segment} onChange={(event) => { setSegment(event.currentTarget.value); }} />}
        {kind === "events" && <>{day("begin")}{day("end")}</>}
        <NativeSelect label={t("imports.exports.format")} data={FORMS.map((one) => ({ value: one, label: t(`imports.formats.${one}`) }))} value={form} onChange={(event) => { setForm(event.currentTarget.value); }} />
        {form !== "ndjson" && names.length > 1 && <ColumnsField names={names} chosen={chosen} change={setChosen} />}
        {some?.length === 0 && <Note tone="wait">{t("imports.exports.none")}</Note>}
        <Button component="a" href={`/api/v1/exports/${kind}?${asked.toString()}`} download variant="default">{t("imports.exports.download")}</Button>
      </Stack>
    </Card>
  );
}
