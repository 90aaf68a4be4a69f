import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Card, Empty, Failure, IconHistory, Loading, Ltr, More, Text } from "@/ui";
import { SettingsPage } from "./SettingsPage";
import { itemsOf, useAudit, useMembers } from "./queries";
import type { AuditEntry } from "./types";

function Entry({ entry, who }: { entry: AuditEntry; who: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const detail = Object.keys(entry.detail).length > 0 ? JSON.stringify(entry.detail) : "";
  return (
    <li className="hd-row">
      <span className="hd-grow">
        <span className="hd-clip"><bdi>{who}</bdi> · {t(`settings.action.${entry.action}`, { defaultValue: entry.action })} {entry.object && <Ltr>{entry.object}</Ltr>}</span>
        {detail && <Text component="span" display="block" c="dimmed" fz="sm" truncate><Ltr>{detail}</Ltr></Text>}
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
  const who = (actor: string) => {
    const [kind, id] = actor.split(":");
    const member = members.data?.items.find((one) => kind === "user" && String(one.user_id) === id);
    return member ? member.name || member.email : t(`settings.actor.${kind ?? ""}`, { id, defaultValue: actor });
  };
  return (
    <SettingsPage tab="audit" lead={t("settings.audit_lead")}>
      {audit.isError && <Failure error={audit.error} retry={() => void audit.refetch()} />}
      <Card flush={items.length > 0}>
        {audit.isPending && <Loading />}
        {audit.data && items.length === 0 && <Empty icon={<IconHistory size={40} />} title={t("settings.no_audit")} />}
        <ul className="hd-list">{items.map((entry) => <Entry key={entry.id} entry={entry} who={who(entry.actor)} />)}</ul>
        <More pages={audit} />
      </Card>
    </SettingsPage>
  );
}
