import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { emailOf, nameOf } from "@/features/people/name";
import { Avatar, Button, Card, Failure, Loading, Ltr, More, Text } from "@/ui";
import { Explanation } from "./Explanation";
import { itemsOf, useMembers } from "./queries";
import type { Member, Segment } from "./types";

function Row({ member, segment }: { member: Member; segment: Segment }) {
  const { t } = useTranslation();
  const [why, setWhy] = useState(false);
  const name = nameOf(member);
  const email = emailOf(member);
  return (
    <li className="hd-row" style={{ flexWrap: "wrap" }}>
      <Avatar name={name} seed={member.id} size={34} />
      <Link to={`/people/${String(member.id)}`} className="hd-grow hd-link">
        <bdi className="hd-clip">{name}</bdi>
        {email && email !== name && <span className="hd-clip hd-dim hd-small"><Ltr>{email}</Ltr></span>}
      </Link>
      <Button size="xs" variant="subtle" aria-expanded={why} aria-label={t("segments.why_one", { name })} onClick={() => { setWhy(!why); }}>{t("segments.why")}</Button>
      {why && <div style={{ flexBasis: "100%" }}><Explanation question={{ segment_id: segment.id }} personId={member.id} /></div>}
    </li>
  );
}

/** Who is in, each with the reason. */
export function MembersCard({ segment, changed }: { segment: Segment; changed: boolean }) {
  const { t } = useTranslation();
  const members = useMembers(String(segment.id));
  const items = itemsOf(members.data);
  return (
    <Card title={t("segments.members")} side={changed && <Text c="dimmed" fz="sm">{t("segments.members_saved")}</Text>} flush={items.length > 0}>
      {members.isError && <Failure error={members.error} retry={() => void members.refetch()} />}
      {members.isPending && <Loading />}
      {members.data && items.length === 0 && <Text c="dimmed">{t("segments.members_none")}</Text>}
      <ul className="hd-list">{items.map((one) => <Row key={one.id} member={one} segment={segment} />)}</ul>
      <More pages={members} />
    </Card>
  );
}
