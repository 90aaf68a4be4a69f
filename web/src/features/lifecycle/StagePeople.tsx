import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Avatar, Card, Failure, Loading, Ltr, More, Name, Text } from "@/ui";
import { itemsOf, useStagePeople } from "./queries";
import type { Stage, StagePerson } from "./types";

function Row({ person }: { person: StagePerson }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const name = person.name ?? person.email ?? t("people.merge.nameless");
  return (
    <Link to={`/people/${String(person.person_id)}`} className="hd-row">
      <Avatar name={name} seed={person.person_id} />
      <span className="hd-grow">
        <Name>{name}</Name>
        {person.email && person.email !== name && <span className="hd-clip hd-dim hd-small" dir="ltr"><Ltr>{person.email}</Ltr></span>}
      </span>
      <Text component="span" c="dimmed" fz="sm">{person.since ? format.ago(person.since, now) : t("lifecycle.since_before")}</Text>
    </Link>
  );
}

/** Who is in a stage now, and since when. */
export function StagePeople({ stage, title }: { stage: Stage; title?: string }) {
  const { t } = useTranslation();
  const people = useStagePeople(stage.id, stage.count);
  const items = itemsOf(people.data);
  return (
    <Card {...(title ? { title } : {})} flush={items.length > 0}>
      {people.isError && <Failure error={people.error} retry={() => void people.refetch()} />}
      {people.isPending && <Loading />}
      {people.data && items.length === 0 && <Text c="dimmed">{t("lifecycle.people_none")}</Text>}
      {items.map((person) => <Row key={person.person_id} person={person} />)}
      <More pages={people} />
    </Card>
  );
}
