import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { ActionIcon, Avatar, Button, Card, Failure, IconX, Loading, Ltr, More, Name, Text } from "@/ui";
import { itemsOf, useChangeList, useMembers } from "./queries";
import { Lines } from "./Explanation";
import type { Member, Segment } from "./types";

function Row({ member, segment }: { member: Member; segment: Segment }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [why, setWhy] = useState(false);
  const change = useChangeList(segment.id);
  const name = member.name ?? member.email ?? `#${format.number(member.person_id)}`;
  return (
    <li className="hd-row" style={{ flexWrap: "wrap" }}>
      <Avatar name={name} seed={member.person_id} size={34} />
      <Link to={`/people/${String(member.person_id)}`} className="hd-grow hd-link">
        <Name>{name}</Name>
        {member.email && member.email !== name && <span className="hd-clip hd-dim hd-small" dir="ltr"><Ltr>{member.email}</Ltr></span>}
      </Link>
      <Button size="xs" variant="subtle" aria-expanded={why} aria-label={t("segments.why_person", { name })} onClick={() => { setWhy(!why); }}>{t("segments.why")}</Button>
      {segment.kind === "list" && (
        <ActionIcon variant="subtle" color="gray" loading={change.isPending || change.isSuccess} aria-label={t("segments.list.remove_named", { name })} onClick={() => { change.mutate({ belongs: false, person_ids: [member.person_id] }); }}><IconX size={16} aria-hidden /></ActionIcon>
      )}
      {why && <div style={{ flexBasis: "100%" }}><Lines verdicts={[member.why]} /></div>}
    </li>
  );
}

/** Who is in, each with the reason. */
export function MembersCard({ segment, changed }: { segment: Segment; changed: boolean }) {
  const { t } = useTranslation();
  const members = useMembers(segment);
  const items = itemsOf(members.data);
  return (
    <Card title={t("segments.members")} side={changed && <Text c="dimmed" fz="sm">{t("segments.members_saved")}</Text>} flush={items.length > 0}>
      {members.isError && <Failure error={members.error} retry={() => void members.refetch()} />}
      {members.isPending && <Loading />}
      {members.data && items.length === 0 && <Text c="dimmed">{t("segments.members_none")}</Text>}
      <ul className="hd-list">{items.map((one) => <Row key={one.person_id} member={one} segment={segment} />)}</ul>
      <More pages={members} />
    </Card>
  );
}
