import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Card, Facts, Ltr, Text } from "@/ui";
import type { Profile } from "./types";

/** These have a line of their own here or among the identifiers. */
const SHOWN_ELSEWHERE = new Set(["email", "phone", "language", "country", "time_zone", "name"]);

type Known = Pick<Profile, "attributes" | "language" | "country" | "time_zone" | "region" | "city"> & Partial<Pick<Profile, "provenance">>;

/** The finest part that is known says best where the whole comes from. */
function Whereabouts({ person }: { person: Known }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const { city, region, country, provenance = {} } = person;
  const origin = (city && provenance.city) ?? (region && provenance.region) ?? (country && provenance.country);
  const names = [city, region, country && format.country(country)].filter((one) => one !== null);
  const told = origin ? t(`people.told.${origin}`) : "";
  const at = provenance.place_at;
  return (
    <>
      {names.map((one, index) => <Fragment key={index}>{index > 0 && t("segments.value.comma")}<bdi>{one}</bdi></Fragment>)}
      {told && <Text c="dimmed" fz="sm">{at ? t("people.told_at", { told, at: format.ago(at, now) }) : told}</Text>}
    </>
  );
}

/** A value of any kind, as people read it. */
export function shown(value: unknown, number: (value: number) => string): string {
  if (typeof value === "number") return number(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Places and attributes of somebody, today or as they were. */
export function KnownFacts({ person }: { person: Known }) {
  const { t } = useTranslation();
  const format = useFormat();
  const languages = new Intl.DisplayNames(format.locale, { type: "language" });
  const known: [string, React.ReactNode][] = [
    [t("people.language"), person.language && languages.of(person.language)],
    [t("people.place"), (person.city ?? person.region ?? person.country) && <Whereabouts key="p" person={person} />],
    [t("people.time_zone"), person.time_zone && <Ltr key="z">{person.time_zone}</Ltr>],
  ];
  const own = Object.entries(person.attributes).filter(([name]) => !SHOWN_ELSEWHERE.has(name)).map(([name, value]): [string, React.ReactNode] => [name, <bdi key={name}>{shown(value, format.number)}</bdi>]);
  const items = [...known.filter(([, value]) => value !== null), ...own];
  return items.length === 0 ? <Text c="dimmed">{t("people.no_attributes")}</Text> : <Facts items={items} />;
}

export function AttributesCard({ person }: { person: Profile }) {
  const { t } = useTranslation();
  return <Card title={t("people.attributes")}><KnownFacts person={person} /></Card>;
}

/** What somebody is called by, each under its kind. */
export function IdentifierFacts({ identifiers }: Pick<Profile, "identifiers">) {
  const { t } = useTranslation();
  const items = identifiers.map((one): [string, React.ReactNode] => [
    t(`people.identifier.${one.namespace}`, { defaultValue: one.namespace }),
    <Ltr key={one.namespace + one.value}>{one.value}</Ltr>,
  ]);
  return <Facts items={items} />;
}

export function IdentifiersCard({ person }: { person: Profile }) {
  const { t } = useTranslation();
  return <Card title={t("people.identifiers")}><IdentifierFacts identifiers={person.identifiers} /></Card>;
}

export function SegmentsCard({ person }: { person: Profile }) {
  const { t } = useTranslation();
  return (
    <Card title={t("app.place.segments")}>
      {person.segments.length === 0 && <Text c="dimmed">{t("people.in_no_segment")}</Text>}
      <ul className="hd-list">
        {person.segments.map((one) => (
          <li key={one.id} className="hd-line"><Link className="hd-textlink" to={`/segments/${String(one.id)}`}><bdi>{one.name}</bdi></Link></li>
        ))}
      </ul>
    </Card>
  );
}
