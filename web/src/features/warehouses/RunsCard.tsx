import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Failure, Group, IconChevronRight, Loading, State, type Tone } from "@/ui";
import { useCheck, useRead, useRuns } from "./queries";
import type { Run, Warehouse } from "./types";

const TONES: Partial<Record<Run["state"], Tone>> = { done: "yes", failed: "no", cancelled: "calm", undone: "calm" };

function Row({ run }: { run: Run }) {
  const { t } = useTranslation();
  const format = useFormat();
  const counts = t("imports.so_far", { taken: format.number(run.accepted), refused: format.number(run.rejected) });
  return (
    <Link to={`/imports/${String(run.id)}`} className="hd-row">
      <span className="hd-grow">
        <span style={{ display: "block" }}>{format.dateTime(run.started_at)}</span>
        <span className="hd-dim hd-small" style={{ display: "block", overflowWrap: "anywhere" }}><bdi>{run.problem || counts}</bdi></span>
      </span>
      <State tone={TONES[run.state] ?? "wait"}>{t(`imports.state.${run.state}`)}</State>
      <IconChevronRight size={18} className="hd-flip hd-dim" aria-hidden style={{ flex: "none" }} />
    </Link>
  );
}

/** Read it now, or count first; and what has been read so far. */
export function RunsCard({ one }: { one: Warehouse }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const runs = useRuns(one.id);
  const read = useRead(one.id);
  const check = useCheck(one.id);
  const items = runs.data?.items ?? [];
  const isBusy = items.some((run) => run.state === "running");
  return (
    <Card title={t("warehouses.runs")} flush={items.length > 0}>
      <Group px={items.length > 0 ? 22 : 0} pb={10}>
        <Button size="xs" disabled={!one.plan || isBusy} loading={read.isPending} onClick={() => { read.mutate(undefined); }}>{t("warehouses.read_now")}</Button>
        <Button size="xs" variant="default" disabled={!one.plan || isBusy} loading={check.isPending} onClick={() => { check.mutate(undefined, { onSuccess: ({ id }) => void navigate(`/imports/${String(id)}`) }); }}>{t("imports.check")}</Button>
      </Group>
      {(read.error ?? check.error) && <Failure error={read.error ?? check.error} />}
      {runs.isError && <Failure error={runs.error} retry={() => void runs.refetch()} />}
      {runs.isPending && <Loading rows={3} />}
      {items.map((run) => <Row key={run.id} run={run} />)}
    </Card>
  );
}
