import { use } from "react";
import { useTranslation } from "react-i18next";
import { TimeZone, useNow } from "@/i18n/useFormat";
import { Button, IconPlus, NativeSelect } from "@/ui";
import { OPS, howOften, propertyNames, withHowOften, withOp, withWindow, type HowOften } from "./build";
import type { EventLeaf, Leaf, MessageLeaf, Op, Path, Where, Window } from "./condition";
import { Choice, DayField, NameField, RemoveButton, WholeField } from "./fields";
import type { About } from "./known";
import { InJourney } from "./inJourney";
import { useEventNames } from "./queries";
import { ValueField } from "./ValueField";
import type { Wrong } from "./wrong";

export interface LeafProps<T extends Leaf> {
  leaf: T;
  path: Path;
  change: (leaf: T) => void;
  wrong: Wrong | null;
}

/** Comparisons, each with its words. */
export function useOps(ops: Op[]): { value: Op; label: string }[] {
  const { t } = useTranslation();
  return ops.map((op) => ({ value: op, label: t(`segments.build.op.${op}`) }));
}

export function WhereFields({ where, at, change, remove, known, about, wrong }: { where: Where; at: string; about: About; change: (where: Where) => void; remove: () => void; known: Record<string, string>; wrong: Wrong | null }) {
  const { t } = useTranslation();
  const ops = useOps(OPS);
  return (
    <div className="hd-build-fields hd-build-where">
      <span className="hd-build-word">{t("segments.build.where")}</span>
      <NameField label={t("segments.build.property")} at={`${at}.property`} wrong={wrong} value={where.property} known={propertyNames(known)} change={(property) => { change({ ...where, property }); }} />
      <Choice label={t("segments.build.compare")} at={`${at}.op`} wrong={wrong} value={where.op} options={ops} change={(op) => { change(withOp(where, op)); }} />
      <ValueField at={`${at}.value`} wrong={wrong} op={where.op} value={where.value} kind={known[where.property]} about={where.property ? { ...about, property: where.property } : null} change={(value) => { change({ ...where, value }); }} />
      <RemoveButton label={t("segments.build.remove_where")} remove={remove} />
    </div>
  );
}

/** Filters on the details of events of one name. */
export function WhereList({ where, at, event, change, wrong }: { where: Where[]; at: string; event: string; change: (where: Where[]) => void; wrong: Wrong | null }) {
  const { t } = useTranslation();
  const properties = useEventNames().data?.items.find((one) => one.name === event)?.properties ?? {};
  return (
    <>
      {where.map((one, index) => (
        <WhereFields key={index} where={one} at={`${at}.where[${String(index)}]`} known={properties} about={{ kind: "event", name: event }} wrong={wrong} change={(next) => { change(where.with(index, next)); }} remove={() => { change(where.toSpliced(index, 1)); }} />
      ))}
      <Button variant="subtle" size="compact-sm" mt={8} leftSection={<IconPlus size={14} aria-hidden />} onClick={() => { change([...where, { property: "", op: "is", value: "" }]); }}>{t("segments.build.add_where")}</Button>
    </>
  );
}

/** The span of time in which events count. */
export function WindowFields({ window = { kind: "ever" }, at, change, wrong }: { window?: Window | undefined; at: string; change: (window: Window) => void; wrong: Wrong | null }) {
  const { t } = useTranslation();
  const now = useNow();
  const zone = use(TimeZone);
  const always = ["days", "hours", "minutes", "between", "ever"] as const;
  const kinds = use(InJourney) || window.kind === "since_entry" ? ["since_entry", ...always] as const : always;
  const kind = window.kind === "last" ? (window.unit ?? "days") : window.kind;
  return (
    <>
      <NativeSelect
        aria-label={t("segments.build.when")}
        value={kind}
        data={kinds.map((one) => ({ value: one, label: t(`segments.build.window.${one}`) }))}
        onChange={(event) => { change(withWindow(window, event.currentTarget.value as (typeof kinds)[number], now)); }}
      />
      {window.kind === "last" && (
        <span className="hd-build-unit">
          <WholeField label={t(`segments.build.amount.${window.unit ?? "days"}`)} at={`${at}.amount`} wrong={wrong} value={window.amount} change={(amount) => { change({ ...window, amount }); }} />
          <span className="hd-build-word">{t(`segments.build.amount.${window.unit ?? "days"}`)}</span>
        </span>
      )}
      {window.kind === "between" && (
        <>
          <DayField label={t("segments.build.from")} at={`${at}.from`} wrong={wrong} value={window.from} zone={zone} change={(from) => { change({ ...window, from }); }} />
          <DayField label={t("segments.build.to")} at={`${at}.to`} wrong={wrong} value={window.to} zone={zone} change={(to) => { change({ ...window, to }); }} />
        </>
      )}
    </>
  );
}

const HOW_OFTEN: HowOften[] = ["at_least", "at_most", "exactly", "never"];

/** How many times. */
export function TimesFields<T extends EventLeaf | MessageLeaf>({ leaf, at, change, wrong }: { leaf: T; at: string; change: (leaf: T) => void; wrong: Wrong | null }) {
  const { t } = useTranslation();
  const how = howOften(leaf);
  return (
    <>
      <Choice label={t("segments.build.how_often")} at={`${at}.count.op`} wrong={wrong} value={how} options={HOW_OFTEN.map((one) => ({ value: one, label: t(`segments.build.often.${one}`) }))} change={(next) => { change(withHowOften(leaf, next)); }} />
      {how !== "never" && (
        <span className="hd-build-unit">
          <WholeField label={t("segments.build.times")} at={`${at}.count.value`} wrong={wrong} value={leaf.count?.value ?? 1} change={(value) => { change({ ...leaf, count: { op: leaf.count?.op ?? "at_least", value } }); }} />
          <span className="hd-build-word">{t("segments.build.times")}</span>
        </span>
      )}
    </>
  );
}
