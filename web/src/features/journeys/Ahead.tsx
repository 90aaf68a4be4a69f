import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { plain, sentence, isolated } from "@/features/segments/sentence";
import { pickName } from "@/i18n/names";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { Card, Failure, Loading, State, Stack, Text } from "@/ui";
import { useJourneyWords } from "./boxes";
import { tellEdge, tellNode, type JourneyWords } from "./describe";
import { useTemplateNames } from "./queries";
import { useAhead } from "./why/queries";
import type { AheadRun, AheadWay } from "./types";

/** The moment by the clock that it goes by, and who says that this is the person's. */
function When({ run }: { run: AheadRun }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { clock } = run;
  const at = run.at && clock
    ? new Intl.DateTimeFormat(format.locale, { dateStyle: "medium", timeStyle: "short", timeZone: clock.zone }).format(new Date(run.at))
    : run.at && format.dateTime(run.at);
  return (
    <Text fz="sm">
      {t(`reasons.ahead.${run.code}`, { at })}{" "}
      {clock && <span className="hd-dim">{t("reasons.waits.zone", { zone: isolated(clock.zone), told_by: t(`reasons.told_by.${clock.told_by}`) })}</span>}
    </Text>
  );
}

function Way({ run, way, words }: { run: AheadRun; way: AheadWay; words: JourneyWords }) {
  const target = run.nodes[way.to];
  if (!target) return null;
  const told = tellNode(words, target);
  const answer = tellEdge(words, run.nodes[run.node], way.edge);
  return <li>{answer && <span className="hd-dim">{answer}: </span>}<b>{told.title}</b> {told.said}</li>;
}

function Changes({ run, words }: { run: AheadRun; words: JourneyWords }) {
  const { t } = useTranslation();
  const told = run.changes.map((one) => t(`reasons.ahead.change.${one.code}`, {
    condition: one.if ? plain(words, sentence(words, one.if)) : "", attribute: isolated(one.attribute ?? ""),
  }));
  return <Text fz="sm" c="dimmed">{t("reasons.ahead.changes", { list: words.format.either(told) })}</Text>;
}

/** What comes next in one run: when, which ways lead on from there, and what could make it come otherwise. */
export function AheadOfRun({ run }: { run: AheadRun }) {
  const { t } = useTranslation();
  const words = useJourneyWords();
  return (
    <Stack gap={4}>
      <When run={run} />
      {run.ways.length > 0 && (
        <div>
          <Text component="span" fz="sm" c="dimmed">{t("reasons.ahead.then")}</Text>
          <ul className="hd-small">{run.ways.map((way) => <Way key={way.edge} run={run} way={way} words={words} />)}</ul>
        </div>
      )}
      <Changes run={run} words={words} />
    </Stack>
  );
}

/** "Coming up": everything that is ahead of a person, in every journey, and what waits to leave. */
export default function AheadCard({ personId }: { personId: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const language = useLanguage();
  const template = useTemplateNames();
  const ahead = useAhead(personId);
  const { runs = [], messages = [] } = ahead.data ?? {};
  return (
    <Card title={t("reasons.ahead.title")}>
      {ahead.isError && <Failure error={ahead.error} />}
      {ahead.isPending && <Loading rows={2} />}
      {ahead.data && runs.length + messages.length === 0 && <Text c="dimmed">{t("reasons.ahead.nothing")}</Text>}
      <Stack>
        {runs.map((run) => (
          <section key={run.run_id}>
            <Link className="hd-textlink" to={`/journeys/${run.journey}`}><bdi>{pickName(run.names, language, run.journey)}</bdi></Link>
            <AheadOfRun run={run} />
          </section>
        ))}
        {messages.length > 0 && (
          <ul className="hd-list">
            {messages.map((one) => (
              <li key={one.id} className="hd-line">
                <Link className="hd-link hd-grow" to={`/messages?message=${String(one.id)}`}>
                  {template(one.template)} <State tone="wait">{t(`messages.state.${one.state}`)}</State>
                  {one.reason && <span className="hd-small"> {t(`messages.reason.${one.reason}`)}</span>}
                </Link>
                {one.due_at && <Text component="time" c="dimmed" fz="sm" dateTime={one.due_at}>{format.dateTime(one.due_at)}</Text>}
              </li>
            ))}
          </ul>
        )}
      </Stack>
    </Card>
  );
}
