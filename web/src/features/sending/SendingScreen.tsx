import { useTranslation } from "react-i18next";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { useTopics } from "@/features/segments/queries";
import { pickName } from "@/i18n/names";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { Button, Card, Failure, Loading, Name, Text, useDisclosure } from "@/ui";
import { CapForm } from "./CapForm";
import { Estimated } from "./Estimated";
import { QuietCard } from "./QuietCard";
import { useDropCap, useRules } from "./queries";
import type { Cap, Effect } from "./types";

function useRule(): (cap: Cap) => string {
  const { t } = useTranslation();
  const format = useFormat();
  const language = useLanguage();
  const topics = useTopics();
  return (cap) => {
    const topic = topics.data?.items.find((one) => one.key === cap.topic);
    const about = cap.topic === null ? t("sending.cap_all") : pickName(topic?.names ?? {}, language, cap.topic);
    return t("sending.cap_rule", { most: format.number(cap.most), span: new Intl.NumberFormat(format.locale, { style: "unit", unit: cap.unit.slice(0, -1), unitDisplay: "long" }).format(cap.amount), about });
  };
}

function CapRow({ cap, effect }: { cap: Cap; effect: Effect }) {
  const { t } = useTranslation();
  const format = useFormat();
  const rule = useRule();
  const drop = useDropCap();
  const [isOpen, { open, close }] = useDisclosure();
  if (isOpen) return <li className="hd-row"><div className="hd-grow"><CapForm cap={cap} done={close} /></div></li>;
  const numbers = { number: format.number(effect.held[String(cap.id)] ?? 0), sent: format.number(effect.sent) };
  return (
    <li className="hd-row" style={{ flexWrap: "wrap" }}>
      <span className="hd-grow" style={{ flexBasis: 240 }}>
        <Name>{cap.name}</Name>
        <Text component="span" display="block" fz="sm">{rule(cap)}</Text>
        <Text component="span" display="block" c="dimmed" fz="sm">{t("sending.would_hold", numbers)} <Estimated effect={effect} /></Text>
        {drop.isError && <Failure error={drop.error} />}
      </span>
      <Button size="xs" variant="subtle" flex="none" aria-label={t("sending.change_cap", { name: cap.name })} onClick={open}>{t("sending.change")}</Button>
      <Button size="xs" variant="default" flex="none" loading={drop.isPending} aria-label={t("settings.remove_named", { name: cap.name })} onClick={() => { drop.mutate(cap.id); }}>{t("settings.remove")}</Button>
    </li>
  );
}

/** How much one person gets, and when: each rule with what it would have held back lately. */
export default function SendingScreen() {
  const { t } = useTranslation();
  const rules = useRules();
  const [isAdding, { open, close }] = useDisclosure();
  return (
    <SettingsPage tab="sending" lead={t("sending.sending_lead")}>
      {rules.isError && <Failure error={rules.error} retry={() => void rules.refetch()} />}
      {rules.isPending && <Loading rows={3} />}
      {rules.data && (
        <>
          {isAdding && <Card title={t("sending.add_cap")}><CapForm done={close} /></Card>}
          <Card title={t("sending.caps")} flush={rules.data.caps.length > 0} side={!isAdding && <Button size="xs" onClick={open}>{t("sending.add_cap")}</Button>}>
            {rules.data.caps.length === 0 && <Text c="dimmed">{t("sending.no_caps")}</Text>}
            {rules.data.caps.length > 0 && <ul className="hd-list">{rules.data.caps.map((cap) => <CapRow key={cap.id} cap={cap} effect={rules.data.effect} />)}</ul>}
          </Card>
          <QuietCard key={`${rules.data.quiet_hours?.from ?? ""}${rules.data.quiet_hours?.to ?? ""}`} hours={rules.data.quiet_hours} />
        </>
      )}
    </SettingsPage>
  );
}
