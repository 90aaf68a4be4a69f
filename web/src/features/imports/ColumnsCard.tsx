import { useTranslation } from "react-i18next";
import { useTopics } from "@/features/segments/queries";
import { useTopicName } from "@/features/segments/useTopicName";
import { useFormat } from "@/i18n/useFormat";
import { Card, NativeSelect, TextInput } from "@/ui";
import { goesByDate, hasOwn, headsOf, isOwn, mayStand, ownField, RULES, TYPES, wordOf } from "./plan";
import type { Column, ColumnSeen, Kind, Plan } from "./types";

const SHOWN = 200;

interface Row {
  kind: Kind;
  seen: ColumnSeen;
  column: Column;
  topics: { value: string; label: string }[];
  change: (column: Column) => void;
}

function ColumnRow({ kind, seen, column, topics, change }: Row) {
  const { t } = useTranslation();
  const own = isOwn(kind, column.field);
  const name = column.field.slice(column.field.indexOf(".") + 1);
  const fields = [
    { value: "", label: t("imports.leave_out") },
    ...headsOf(kind).map((one) => ({ value: one, label: t(`imports.fields.${wordOf(kind, one)}`) })),
    ...(hasOwn(kind) ? [{ value: "own", label: t(`imports.own.${kind}`) }] : []),
    ...(kind === "people" || kind === "consent" ? topics : []),
  ];
  const choose = (field: string) => {
    const next = field === "own" ? ownField(kind, seen.field, column.name) : field;
    change({ ...column, field: next, upsert: mayStand(kind, next) ? column.upsert : "overwrite" });
  };
  const rules = RULES.filter((one) => own || one !== "append").map((one) => ({ value: one, label: t(`imports.rules.${one}`) }));
  return (
    <li className="hd-row" style={{ flexWrap: "wrap", alignItems: "flex-start" }}>
      <span className="hd-grow" style={{ flexBasis: 220 }}>
        <bdi className="hd-named">{column.name}</bdi>
        <span className="hd-dim hd-small" style={{ display: "block", overflowWrap: "anywhere" }}>{seen.samples.map((one, place) => <span key={one}>{place > 0 && " · "}<bdi>{one.slice(0, 60)}</bdi></span>)}</span>
      </span>
      <NativeSelect aria-label={t("imports.meaning_of", { name: column.name })} w={250} data={fields} value={own ? "own" : column.field} onChange={(event) => { choose(event.currentTarget.value); }} />
      {own && <TextInput aria-label={t("imports.name_of", { name: column.name })} dir="auto" w={170} value={name} maxLength={200} onChange={(event) => { change({ ...column, field: `${kind === "people" ? "traits" : "properties"}.${event.currentTarget.value}` }); }} />}
      {own && column.type !== "own" && <NativeSelect aria-label={t("imports.type_of", { name: column.name })} w={130} data={TYPES.map((one) => ({ value: one, label: t(`imports.types.${one}`) }))} value={column.type} onChange={(event) => { change({ ...column, type: event.currentTarget.value as Column["type"] }); }} />}
      {mayStand(kind, column.field) && <NativeSelect aria-label={t("imports.rule_of", { name: column.name })} w={170} data={rules} value={column.upsert} onChange={(event) => { change({ ...column, upsert: event.currentTarget.value as Column["upsert"] }); }} />}
    </li>
  );
}

/** Which column has the date by which newer values win. */
function NewestBy({ plan, change }: { plan: Plan; change: (plan: Plan) => void }) {
  const { t } = useTranslation();
  const dates = plan.columns.filter((one) => isOwn("people", one.field)).map((one) => ({ value: one.field, label: one.name }));
  return <NativeSelect label={t("imports.newest_by")} w={260} m={22} data={[{ value: "", label: "" }, ...dates]} value={plan.newest_by} onChange={(event) => { change({ ...plan, newest_by: event.currentTarget.value }); }} />;
}

/** Each column with examples, and what it means. */
export function ColumnsCard({ kind, seen, plan, change }: { kind: Kind; seen: ColumnSeen[]; plan: Plan; change: (plan: Plan) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const topicName = useTopicName();
  const topics = (useTopics().data?.items ?? []).map(({ key }) => ({ value: `topic.${key}`, label: t("imports.consent_of", { name: topicName(key) }) }));
  const put = (place: number, column: Column) => {
    const next = { ...plan, columns: plan.columns.map((one, index) => (index === place ? column : one)) };
    change(goesByDate(next) ? next : { ...next, newest_by: "" });
  };
  return (
    <Card title={t("imports.columns")} flush>
      <ul className="hd-list">
        {seen.slice(0, SHOWN).map((one, place) => {
          const column = plan.columns[place];
          return column && <ColumnRow key={one.name} kind={kind} seen={one} column={column} topics={topics} change={(next) => { put(place, next); }} />;
        })}
      </ul>
      {goesByDate(plan) && <NewestBy plan={plan} change={change} />}
      {seen.length > SHOWN && <p className="hd-dim" style={{ paddingInline: 22 }}>{t("imports.more_columns", { count: seen.length - SHOWN, number: format.number(seen.length - SHOWN) })}</p>}
    </Card>
  );
}
