import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Card, Failure, Loading, More, NativeSelect, Note, Stack, Text, TextInput } from "@/ui";
import { IdentifierFacts, KnownFacts, shown } from "./cards";
import { itemsOf, useChanges, usePortrait } from "./queries";
import type { Change, Profile } from "./types";

const PLACES = ["@country", "@region", "@city", "@position", "@language", "@time_zone"];
const DAY_MS = 86_400_000;

/** What a change is called: our own names have words, attributes are called as the shop calls them. */
function useTitle(): (name: string) => string {
  const { t } = useTranslation();
  return (name) => {
    if (PLACES.includes(name)) return t(`people.${name.slice(1)}`);
    return name.startsWith("#") ? t(`people.identifier.${name.slice(1)}`, { defaultValue: name.slice(1) }) : name;
  };
}

function Source({ change }: { change: Change }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [kind = "", id = ""] = change.source.split(":");
  const words = t([`people.history.source.${kind}`, `people.source.${kind}`], { id: format.number(Number(id)), defaultValue: change.source });
  return kind === "import" ? <Link className="hd-textlink" to={`/imports/${id}`}>{words}</Link> : <>{words}</>;
}

function Value({ value }: { value: unknown }) {
  const { t } = useTranslation();
  const format = useFormat();
  return value === null ? <Text component="span" c="dimmed" fz="sm">{t("people.history.nothing")}</Text> : <bdi>{shown(value, format.number)}</bdi>;
}

function ChangeLine({ change }: { change: Change }) {
  const { t } = useTranslation();
  const format = useFormat();
  const title = useTitle();
  return (
    <li className="hd-line">
      <span className="hd-grow">
        <bdi style={{ fontWeight: 600 }}>{title(change.name)}</bdi>
        <span style={{ display: "block", overflowWrap: "anywhere" }}>{t("people.history.from")} <Value value={change.old} /> {t("people.history.to")} <Value value={change.new} /></span>
        <span className="hd-dim hd-small" style={{ display: "block" }}><Source change={change} /> · {format.dateTime(change.at)}</span>
      </span>
    </li>
  );
}

/** What changed about a person, from what to what and by whom. */
function Changes({ person }: { person: Profile }) {
  const { t } = useTranslation();
  const title = useTitle();
  const [name, setName] = useState("");
  const changes = useChanges(person.id, name);
  const items = itemsOf(changes.data);
  const names = [...Object.keys(person.attributes).sort(), ...PLACES, ...new Set(person.identifiers.map((one) => `#${one.namespace}`))];
  const options = names.map((one) => ({ value: one, label: one.startsWith("#") ? t("people.history.identifier", { name: title(one) }) : title(one) }));
  return (
    <>
      <NativeSelect
        label={t("people.history.what")}
        value={name}
        data={[{ value: "", label: t("people.history.everything") }, ...options]}
        onChange={(event) => { setName(event.currentTarget.value); }}
      />
      {changes.isError && <Failure error={changes.error} retry={() => void changes.refetch()} />}
      {changes.isPending && <Loading rows={2} />}
      {changes.data && items.length === 0 && <Text c="dimmed">{t("people.history.none")}</Text>}
      <ul className="hd-list">{items.map((one) => <ChangeLine key={`${String(one.id)}${one.name}${String(one.old)}`} change={one} />)}</ul>
      <More pages={changes} />
    </>
  );
}

/** The person as they were known at the end of a day. */
function AsOf({ person, day }: { person: Profile; day: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const at = new Date(Date.parse(`${day}T00:00:00`) + DAY_MS - 1).toISOString();
  const portrait = usePortrait(person.id, at);
  if (portrait.isError) return <Failure error={portrait.error} />;
  if (!portrait.data) return <Loading rows={2} />;
  return (
    <div style={{ background: "var(--hd-sunken)", borderRadius: 12, padding: 16 }}>
      <Text fw={600} mb={8}>{t("people.history.as_of", { at: format.date(at) })}</Text>
      {!portrait.data.is_exact && <Note tone="wait">{t("people.history.inexact")}</Note>}
      <Stack gap={9}>
        <KnownFacts person={portrait.data} />
        <IdentifierFacts identifiers={portrait.data.identifiers} />
      </Stack>
    </div>
  );
}

/** How what is known of a person came about, and the person as of any day. */
export function HistoryCard({ person }: { person: Profile }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const [day, setDay] = useState("");
  return (
    <Card title={t("people.history.title")}>
      <Stack>
        <TextInput
          type="date"
          label={t("people.history.day")}
          description={day ? format.date(`${day}T12:00:00Z`) : t("people.history.day_lead")}
          value={day}
          max={new Date(now).toISOString().slice(0, 10)}
          onChange={(event) => { setDay(event.currentTarget.value); }}
        />
        {day && <AsOf person={person} day={day} />}
        <Changes person={person} />
      </Stack>
    </Card>
  );
}
