import { useTranslation } from "react-i18next";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { Card, Empty, Failure, IconHistory, Loading, More, Text } from "@/ui";
import { SettingsPage } from "./SettingsPage";
import { factsOf, objectOf } from "./change";
import { itemsOf, useAudit, useMembers } from "./queries";
import { useActor } from "./useActor";
import type { AuditEntry } from "./types";

function Entry({ entry, who, members }: { entry: AuditEntry; who: string; members: Map<string, string> }) {
  const { t } = useTranslation();
  const format = useFormat();
  const language = useLanguage();
  const facts = factsOf(entry, t, format.number);
  return (
    <li className="hd-row">
      <span className="hd-grow">
        <span className="hd-clip"><bdi>{who}</bdi> · {t(`settings.action.${entry.action}`, { defaultValue: entry.action })} <bdi>{objectOf(entry, members, language)}</bdi></span>
        {facts.length > 0 && <Text component="span" display="block" c="dimmed" fz="sm" truncate>{facts.map((fact, place) => <span key={fact}>{place > 0 && " · "}<bdi>{fact}</bdi></span>)}</Text>}
      </span>
      <Text component="time" c="dimmed" fz="sm" dateTime={entry.at}>{format.dateTime(entry.at)}</Text>
    </li>
  );
}

export default function AuditScreen() {
  const { t } = useTranslation();
  const audit = useAudit();
  const members = useMembers();
  const items = itemsOf(audit.data);
  const names = new Map(members.data?.items.map((one) => [String(one.user_id), one.name || one.email]));
  const who = useActor();
  return (
    <SettingsPage tab="audit" lead={t("settings.audit_lead")}>
      {audit.isError && <Failure error={audit.error} retry={() => void audit.refetch()} />}
      <Card flush={items.length > 0}>
        {audit.isPending && <Loading />}
        {audit.data && items.length === 0 && <Empty icon={<IconHistory size={40} />} title={t("settings.no_audit")} />}
        <ul className="hd-list">{items.map((entry) => <Entry key={entry.id} entry={entry} who={who(entry.actor)} members={names} />)}</ul>
        <More pages={audit} />
      </Card>
    </SettingsPage>
  );
}
