import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useTopicName } from "@/features/segments/useTopicName";
import { loadLater } from "@/i18n";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, CodeBlock, Failure, Loading, Note, State, Text, type Tone } from "@/ui";
import { useProofs } from "./queries";
import type { Profile, Proof, Subscription } from "./types";

const Wishes = lazy(async () => {
  await loadLater();
  return import("@/features/consent/Wishes");
});

const TONES: Record<string, Tone> = { subscribed: "yes", pending: "wait", unsubscribed: "no" };

function ProofLine({ proof }: { proof: Proof }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [kind = ""] = proof.source.split(":");
  return (
    <li className="hd-line hd-small">
      <div className="hd-grow">
        {t(`people.consent_state.${proof.state}`)} · {t(`people.source.${kind}`, { defaultValue: proof.source })} · {format.dateTime(proof.at)}
        {!proof.applied && <Text fz="xs" c="dimmed">{t("people.outdated")}</Text>}
        {Object.keys(proof.proof).length > 0 && <CodeBlock plain code={JSON.stringify(proof.proof, null, 1)} label={t("people.proof")} />}
      </div>
    </li>
  );
}

function Proofs({ personId, topic }: { personId: number; topic: string }) {
  const proofs = useProofs(personId);
  if (proofs.isError) return <Failure error={proofs.error} />;
  if (!proofs.data) return <Loading rows={2} />;
  return <ul className="hd-list">{proofs.data.items.filter((one) => one.topic_key === topic).map((one) => <ProofLine key={one.id} proof={one} />)}</ul>;
}

function Topic({ personId, one, name }: { personId: number; one: Subscription; name: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [open, setOpen] = useState(false);
  return (
    <li className="hd-line" style={{ flexWrap: "wrap" }}>
      <span className="hd-grow">
        <bdi>{name}</bdi>
        <span className="hd-dim hd-small" style={{ display: "block" }}>
          {t(`people.channel.${one.channel}`, { defaultValue: one.channel })} · {format.dateTime(one.changed_at)}
        </span>
      </span>
      <State tone={TONES[one.state] ?? "calm"}>{t(`people.consent_state.${one.state}`)}</State>
      <div style={{ flexBasis: "100%" }}>
        <Button size="compact-xs" variant="subtle" aria-expanded={open} onClick={() => { setOpen(!open); }}>{t("people.proof")}</Button>
        {open && <Proofs personId={personId} topic={one.topic} />}
      </div>
    </li>
  );
}

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
        {person.subscriptions.map((one) => <Topic key={one.topic + one.channel} personId={person.id} one={one} name={topic(one.topic)} />)}
      </ul>
      <Suspense fallback={null}><Wishes personId={person.id} /></Suspense>
    </Card>
  );
}
