import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useTopicName } from "@/features/segments/useTopicName";
import { useFormat } from "@/i18n/useFormat";
import { Card, Facts, Ltr, Note, State, Text, type Tone } from "@/ui";
import type { Profile } from "./types";

const CONSENT_TONES: Record<string, Tone> = { subscribed: "yes", pending: "wait", unsubscribed: "no" };

/** Where the person stands on each topic, and what proves it. */
export function ConsentCard({ person }: { person: Profile }) {
  const { t } = useTranslation();
  const format = useFormat();
  const topic = useTopicName();
  return (
    <Card title={t("people.consent")}>
      {person.suppressed.map((one) => (
        <Note key={one.channel + one.reason} tone="no">{t(`people.suppressed.${one.reason}`, { at: format.date(one.created_at) })}</Note>
      ))}
      {person.subscriptions.length === 0 && <Text c="dimmed">{t("people.never_asked")}</Text>}
      <ul className="hd-list">
        {person.subscriptions.map((one) => (
          <li key={one.topic + one.channel} className="hd-line">
            <span className="hd-grow">
              <span dir="auto">{topic(one.topic)}</span>
              <span className="hd-dim hd-small" style={{ display: "block" }}>
                {t(`people.channel.${one.channel}`, { defaultValue: one.channel })} · {format.dateTime(one.changed_at)}
                {one.source && <> · {t("people.proof", { source: t(`people.source.${one.source}`, { defaultValue: one.source }) })}</>}
              </span>
            </span>
            <State tone={CONSENT_TONES[one.state] ?? "calm"}>{t(`people.consent_state.${one.state}`)}</State>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** These have a line of their own here or among the identifiers. */
const SHOWN_ELSEWHERE = new Set(["email", "phone", "language", "country", "time_zone", "name"]);

function shown(value: unknown, number: (value: number) => string): string {
  if (typeof value === "number") return number(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function AttributesCard({ person }: { person: Profile }) {
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
  return (
    <Card title={t("people.attributes")}>
      {items.length === 0 ? <Text c="dimmed">{t("people.no_attributes")}</Text> : <Facts items={items} />}
    </Card>
  );
}

export function IdentifiersCard({ person }: { person: Profile }) {
  const { t } = useTranslation();
  const items = person.identifiers.map((one): [string, React.ReactNode] => [
    t(`people.identifier.${one.namespace}`, { defaultValue: one.namespace }),
    <Ltr key={one.namespace + one.value}>{one.value}</Ltr>,
  ]);
  return <Card title={t("people.identifiers")}><Facts items={items} /></Card>;
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
