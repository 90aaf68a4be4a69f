import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { BackLink, Button, Card, Facts, Failure, Figure, Figures, Group, Loading, Name, Note, Page, Progress, Stack } from "@/ui";
import { PlanForm } from "./PlanForm";
import { shareOf } from "./plan";
import { isBusy, useCancel, useDelete, useImport, useStart } from "./queries";
import type { Import } from "./types";
import { UndoCard } from "./UndoCard";

/** It is being counted, or brought in. */
function Busy({ one }: { one: Import }) {
  const { t } = useTranslation();
  const format = useFormat();
  const cancel = useCancel(one.id);
  return (
    <Card title={t(`imports.state.${one.state}`)}>
      <Stack>
        <Progress value={one.state === "checking" || one.state === "running" ? shareOf(one) : 100} animated aria-label={t(`imports.state.${one.state}`)} />
        {one.state === "running" && <p style={{ margin: 0 }}>{t("imports.so_far", { taken: format.number(one.accepted), refused: format.number(one.rejected) })}</p>}
        {cancel.isError && <Failure error={cancel.error} />}
        {one.state !== "undoing" && <Group><Button variant="default" loading={cancel.isPending} onClick={() => { cancel.mutate(undefined); }}>{t("imports.stop")}</Button></Group>}
      </Stack>
    </Card>
  );
}

/** What a run would do, by the dry run. */
function Checked({ one }: { one: Import }) {
  const { t } = useTranslation();
  const format = useFormat();
  const start = useStart(one.id);
  const numbers = one.numbers;
  if (!numbers) return null;
  const people = one.kind === "people" || one.kind === "consent";
  return (
    <Card title={t("imports.would")}>
      <Stack>
        <Figures>
          {one.kind !== "suppressions" && <Figure label={t(people ? "imports.new" : "imports.good")} value={format.number(numbers.new)} />}
          {people && <Figure label={t("imports.changed")} value={format.number(numbers.changed)} />}
          {people && <Figure label={t("imports.unchanged")} value={format.number(numbers.unchanged)} />}
          {(numbers.refusing > 0 || one.kind === "suppressions") && <Figure label={t("imports.refusing")} value={format.number(numbers.refusing)} />}
          {(numbers.suppressed > 0 || one.kind === "suppressions") && <Figure label={t("imports.suppressed")} value={format.number(numbers.suppressed)} />}
          <Figure label={t("imports.bad")} value={format.number(numbers.bad)} />
        </Figures>
        {numbers.kept_out > 0 && <Note>{t("imports.kept_out", { count: numbers.kept_out, number: format.number(numbers.kept_out) })}</Note>}
        {Object.keys(numbers.reasons).length > 0 && <Facts items={Object.entries(numbers.reasons).map(([reason, count]) => [format.number(count), <bdi key={reason} dir="ltr">{reason}</bdi>])} />}
        {start.isError && <Failure error={start.error} />}
        <Group><Button loading={start.isPending} onClick={() => { start.mutate(null); }}>{t("imports.start")}</Button></Group>
      </Stack>
    </Card>
  );
}

/** What became of it: figures, bad rows to download, and a way on. */
function Ended({ one }: { one: Import }) {
  const { t } = useTranslation();
  const format = useFormat();
  const navigate = useNavigate();
  const start = useStart(one.id);
  const forget = useDelete(one.id, () => void navigate("/imports"));
  return (
    <Card title={t(`imports.state.${one.state}`)}>
      <Stack>
        {one.problem && <Note tone="no"><bdi>{one.problem}</bdi></Note>}
        <Figures>
          <Figure label={t("imports.taken")} value={format.number(one.accepted)} />
          <Figure label={t("imports.refused")} value={format.number(one.rejected)} />
        </Figures>
        {one.rejects_gone > 0 && <Note tone="no">{t("imports.refused_gone", { number: format.number(one.rejects_gone) })}</Note>}
        {one.state === "done" && <p className="hd-dim" style={{ margin: 0 }}>{t("imports.done_lead")}</p>}
        {(start.isError || forget.isError) && <Failure error={start.error ?? forget.error} />}
        <Group>
          {one.state === "cancelled" && <Button loading={start.isPending} onClick={() => { start.mutate(null); }}>{t("imports.go_on")}</Button>}
          {one.rejected > 0 && <Button component="a" href={`/api/v1/imports/${String(one.id)}/rejects`} download variant="default">{t("imports.download_refused")}</Button>}
          <Button variant="subtle" loading={forget.isPending} onClick={() => { forget.mutate(); }}>{t("imports.forget")}</Button>
        </Group>
      </Stack>
    </Card>
  );
}

/** It can still be read in another way. */
function isOpen(one: Import): boolean {
  return one.size > 0 && ["draft", "checked", "failed"].includes(one.state) && one.line === 0;
}

function Steps({ one }: { one: Import }) {
  const { t } = useTranslation();
  const isEnded = ["done", "cancelled", "failed", "undone"].includes(one.state);
  if (one.received < one.size && isOpen(one)) return <Note tone="wait">{t("imports.incomplete")}</Note>;
  return (
    <Stack gap={20}>
      {isBusy(one) && <Busy one={one} />}
      {one.state === "checked" && <Checked one={one} />}
      {isEnded && <Ended one={one} />}
      {isEnded && one.line > 0 && <UndoCard one={one} />}
      {isOpen(one) && <PlanForm one={one} />}
    </Stack>
  );
}

export default function ImportScreen() {
  const { t } = useTranslation();
  const { id = "" } = useParams();
  const found = useImport(Number(id));
  const title = found.data?.name ?? t("imports.title");
  return (
    <Page title={title} heading={<Name>{title}</Name>} lead={found.data && isOpen(found.data) && t(`imports.lead_of.${found.data.kind}`)} back={<BackLink to="/imports">{t("imports.title")}</BackLink>}>
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.isPending && <Card><Loading /></Card>}
      {found.data && <Steps key={found.data.id} one={found.data} />}
    </Page>
  );
}
