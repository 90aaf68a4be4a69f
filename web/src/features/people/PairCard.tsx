import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { Avatar, Button, Card, Failure, Group, Ltr, Name, say, State, Text } from "@/ui";
import { shown } from "./cards";
import { countsFor, rowsOf, takenBy, type Row } from "./duplicates";
import { nameOf } from "./name";
import { useJoin, useTellApart } from "./queries";
import type { Duplicate, Person } from "./types";

const SURE = 85;
const BOTH = [0, 1] as const;
type Side = (typeof BOTH)[number];

function Head({ pairId, person, stays, choose }: { pairId: number; person: Person; stays: boolean; choose: () => void }) {
  const { t } = useTranslation();
  return (
    <th scope="col">
      <Link to={`/people/${String(person.id)}`} className="hd-pair-who">
        <Avatar name={nameOf(person)} seed={person.id} size={34} />
        <Name>{nameOf(person)}</Name>
      </Link>
      <label className="hd-pair-choice">
        <input type="radio" name={`stays-${String(pairId)}`} checked={stays} onChange={choose} />
        {t("people.duplicate.stays")}
      </label>
    </th>
  );
}

function Cell({ row, side, counts, pairId, choose }: { row: Row; side: Side; counts: Side; pairId: number; choose: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const value = row.values[side];
  if (value === null) return <td className="hd-dim">{t("people.history.nothing")}</td>;
  const text = <bdi>{shown(value, format.number)}</bdi>;
  if (!row.differs || row.values.includes(null)) return <td>{text}</td>;
  return (
    <td>
      <label className="hd-pair-choice">
        <input type="radio" name={`${String(pairId)}-${row.name}`} checked={counts === side} onChange={choose} />
        {text}
      </label>
    </td>
  );
}

function KnownBy({ person }: { person: Person }) {
  return <td>{person.identifiers.map((one) => <span key={one.namespace + one.value} style={{ display: "block" }}><Ltr>{one.value}</Ltr></span>)}</td>;
}

/** Two people side by side: who lives on, whose value counts for each thing, or that they are not the same. */
export function PairCard({ pair }: { pair: Duplicate }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [survivor, setSurvivor] = useState<Side>(0);
  const [chosen, setChosen] = useState<Record<string, Side>>({});
  const join = useJoin(() => { say(t("people.duplicate.joined")); });
  const apart = useTellApart();
  const title = (name: string) => (name.startsWith("@") ? t(`people.${name.slice(1)}`) : name);
  const submit = () => { join.mutate({ id: pair.id, survivor_id: pair.people[survivor].id, take: takenBy(pair, survivor, chosen) }); };
  return (
    <Card
      title={pair.people.map(nameOf).join(" · ")}
      side={<State tone={pair.confidence >= SURE ? "yes" : "wait"}>{t("people.duplicate.sure", { percent: format.percent(pair.confidence / 100) })}</State>}
    >
      <Text c="dimmed" mt={-8} mb="sm">{pair.reasons.map((reason) => t(`people.duplicate.reason.${reason}`)).join(" · ")}</Text>
      <div className="hd-pair" role="region" aria-label={t("people.duplicate.compare")} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <td />
              {BOTH.map((side) => <Head key={side} pairId={pair.id} person={pair.people[side]} stays={survivor === side} choose={() => { setSurvivor(side); setChosen({}); }} />)}
            </tr>
          </thead>
          <tbody>
            <tr><th scope="row">{t("people.identifiers")}</th>{BOTH.map((side) => <KnownBy key={side} person={pair.people[side]} />)}</tr>
            {rowsOf(pair.people).map((row) => (
              <tr key={row.name} className={row.differs ? "differs" : undefined}>
                <th scope="row"><bdi>{title(row.name)}</bdi></th>
                {BOTH.map((side) => (
                  <Cell key={side} row={row} side={side} pairId={pair.id} counts={countsFor(row, survivor, chosen)} choose={() => { setChosen({ ...chosen, [row.name]: side }); }} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Text c="dimmed" fz="sm" my="sm">{t("people.duplicate.what")}</Text>
      {join.isError && <Failure error={join.error} />}
      {apart.isError && <Failure error={apart.error} />}
      <Group>
        <Button loading={join.isPending} onClick={submit}>{t("people.duplicate.join")}</Button>
        <Button variant="default" loading={apart.isPending} onClick={() => { apart.mutate(pair.id); }}>{t("people.duplicate.different")}</Button>
      </Group>
    </Card>
  );
}
