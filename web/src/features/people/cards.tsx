import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { Card, Facts, Ltr, Text } from "@/ui";
import type { Profile } from "./types";

/** These have a line of their own here or among the identifiers. */
const SHOWN_ELSEWHERE = new Set(["email", "phone", "language", "country", "time_zone", "name"]);

type Known = Pick<Profile, "attributes" | "language" | "country" | "time_zone">;

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
  const regions = new Intl.DisplayNames(format.locale, { type: "region" });
  const known: [string, React.ReactNode][] = [
    [t("people.language"), person.language && languages.of(person.language)],
    [t("people.country"), person.country && regions.of(person.country)],
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
