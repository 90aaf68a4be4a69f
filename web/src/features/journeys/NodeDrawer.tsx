import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { PersonLine } from "@/features/people/PersonLine";
import { loadLater } from "@/i18n";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Drawer, Failure, Loading, More, Stack, Text } from "@/ui";
import { tell } from "./describe";
import { useJourneyWords } from "./boxes";
import { itemsOf, useRuns } from "./queries";
import type { Journey, Run } from "./types";

const Results = lazy(async () => {
  await loadLater();
  return import("./results/Results");
});
// Steps that draw lots.
const MEASURED = new Set(["split", "test", "holdout"]);

function Row({ run }: { run: Run }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  return (
    <Link to={`/people/${String(run.person_id)}`} className="hd-row" style={{ paddingInline: 0 }}>
      <PersonLine id={run.person_id} />
      <Text component="span" c="dimmed" fz="sm" ta="end">
        {run.due_at ? t("journeys.goes_on", { at: format.ago(run.due_at, now) }) : run.ended_at && format.ago(run.ended_at, now)}
      </Text>
    </Link>
  );
}

/** The people who stand on a node now, and when each of them goes on. */
export function NodeDrawer({ journey, node, close }: { journey: Journey; node: string | null; close: () => void }) {
  const { t } = useTranslation();
  const words = useJourneyWords();
  const runs = useRuns(journey.key, node);
  const items = itemsOf(runs.data);
  const told = node === null ? null : tell(words, journey.graph, node);
  return (
    <Drawer opened={node !== null} onClose={close} position="right" title={told?.title} closeButtonProps={{ "aria-label": t("app.close") }}>
      <Stack>
        <Text c="dimmed">{told?.said}</Text>
        {node !== null && MEASURED.has(journey.graph.nodes[node]?.kind ?? "") && (
          <Suspense fallback={<Loading />}><Results journey={journey} node={node} /></Suspense>
        )}
        {runs.isError && <Failure error={runs.error} />}
        {runs.isPending && <Loading />}
        {runs.data && items.length === 0 && <Text>{t("journeys.nobody_here")}</Text>}
        <div>{items.map((run) => <Row key={run.id} run={run} />)}</div>
        <More pages={runs} />
      </Stack>
    </Drawer>
  );
}
