import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, Failure, Group, Loading, Modal, Select, Stack, Text } from "@/ui";
import { useJourneyWords } from "./boxes";
import { tell } from "./describe";
import type { Graph } from "./graph";
import { useRerun, useRerunLook } from "./why/queries";

interface RerunProps {
  journeyKey: string;
  runId: number;
  graph: Graph;
}

function Confirm({ journeyKey, runId, graph, close }: RerunProps & { close: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = useJourneyWords();
  const [node, setNode] = useState<string | null>(null);
  const look = useRerunLook(journeyKey, runId, node);
  const rerun = useRerun(journeyKey, close);
  const named = (id: string) => { const told = tell(words, graph, id); return [told.title, told.said].filter(Boolean).join(": "); };
  const again = look.data ? [...look.data.sends, ...look.data.effects] : [];
  return (
    <Stack>
      <Select label={t("reasons.rerun.from")} data={Object.keys(graph.nodes).map((id) => ({ value: id, label: named(id) }))} value={node} onChange={setNode} />
      {node !== null && look.isPending && <Loading rows={1} />}
      {look.isError && <Failure error={look.error} />}
      {look.data && (
        <Text fz="sm">{again.length > 0 ? t("reasons.rerun.again", { list: format.list(again.map((one) => named(one.step))) }) : t("reasons.rerun.nothing_again")}</Text>
      )}
      {rerun.isError && <Failure error={rerun.error} />}
      <Group justify="end">
        <Button variant="default" onClick={close}>{t("reasons.rerun.cancel")}</Button>
        <Button disabled={!look.data || look.data.runs === 0} loading={rerun.isPending} onClick={() => { if (node !== null && look.data) rerun.mutate({ node, run_id: runId, as_of: look.data.as_of }); }}>
          {t("reasons.rerun.confirm")}
        </Button>
      </Group>
    </Stack>
  );
}

/** Start a run again from a step; says before what the person will get once more. */
export function Rerun(props: RerunProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const close = () => { setOpen(false); };
  return (
    <div>
      <Button variant="subtle" size="compact-sm" onClick={() => { setOpen(true); }}>{t("reasons.rerun.title")}</Button>
      <Modal opened={isOpen} onClose={close} title={t("reasons.rerun.title")} closeButtonProps={{ "aria-label": t("app.close") }}>
        {isOpen && <Confirm {...props} close={close} />}
      </Modal>
    </div>
  );
}
