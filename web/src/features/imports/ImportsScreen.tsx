import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { BackLink, Button, Card, Columns, Failure, Group, IconChevronRight, Loading, Name, Page, Progress, SegmentedControl, Stack, State, Text, type Tone } from "@/ui";
import { ExportCard } from "./ExportCard";
import { useImports, useUpload } from "./queries";
import { KINDS, type Import, type Kind } from "./types";
import "./imports.css";

const TONES: Record<Import["state"], Tone> = { draft: "wait", checking: "wait", checked: "wait", running: "wait", done: "yes", cancelled: "calm", failed: "no", weighing: "wait", undoing: "wait", undone: "calm" };

/** Choose what a file holds, and the file; it is sent at once. */
function Upload() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [kind, setKind] = useState<Kind>("people");
  const [share, setShare] = useState(0);
  const upload = useUpload(setShare);
  const send = (file: File | undefined) => {
    if (!file) return;
    setShare(0);
    upload.mutate({ file, kind }, { onSuccess: (id) => void navigate(`/imports/${String(id)}`) });
  };
  return (
    <Card title={t("imports.new_import")}>
      <Stack>
        <SegmentedControl aria-label={t("imports.what")} fullWidth value={kind} onChange={(value) => { setKind(value); }} data={KINDS.map((one) => ({ value: one, label: t(`imports.kinds.${one}`) }))} />
        <label className="hd-drop" onDragOver={(event) => { event.preventDefault(); }} onDrop={(event) => { event.preventDefault(); send(event.dataTransfer.files[0]); }}>
          <Text component="span" display="block" fw={600}>{t("imports.choose")}</Text>
          <Text component="span" display="block" fz="sm" c="dimmed">{t("imports.choose_lead")}</Text>
          <input type="file" className="hd-drop-file" accept=".csv,.tsv,.txt,.xlsx,.parquet,.ndjson,.jsonl,.gz" disabled={upload.isPending} onChange={(event) => { send(event.currentTarget.files?.[0]); event.currentTarget.value = ""; }} />
        </label>
        {upload.isPending && <Progress value={share * 100} animated aria-label={t("imports.sending")} />}
        {upload.isError && <Failure error={upload.error} />}
      </Stack>
    </Card>
  );
}

function Row({ one }: { one: Import }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Link to={`/imports/${String(one.id)}`} className="hd-row">
      <span className="hd-grow">
        <Name strong>{one.name}</Name>
        <span className="hd-dim hd-small">{t(`imports.kinds.${one.kind}`)} · {format.dateTime(one.started_at)}{one.accepted + one.rejected > 0 && ` · ${t("imports.so_far", { taken: format.number(one.accepted), refused: format.number(one.rejected) })}`}</span>
      </span>
      <State tone={TONES[one.state]}>{t(`imports.state.${one.state}`)}</State>
      <IconChevronRight size={18} className="hd-flip hd-dim" aria-hidden style={{ flex: "none" }} />
    </Link>
  );
}

export default function ImportsScreen() {
  const { t } = useTranslation();
  const imports = useImports();
  const items = imports.data?.items ?? [];
  return (
    <Page title={t("imports.title")} lead={t("imports.lead")} back={<BackLink to="/people">{t("app.place.people")}</BackLink>}>
      <Columns>
        <Stack gap={20}>
          <Upload />
          {imports.isError && <Failure error={imports.error} retry={() => void imports.refetch()} />}
          {(imports.isPending || items.length > 0) && (
            <Card title={t("imports.earlier")} flush>
              {imports.isPending && <Loading rows={3} />}
              {items.map((one) => <Row key={one.id} one={one} />)}
            </Card>
          )}
        </Stack>
        <Stack gap={20}>
          <ExportCard />
          <Card title={t("warehouses.link")}>
            <p className="hd-dim" style={{ margin: 0 }}>{t("warehouses.link_lead")}</p>
            <Group mt={12}><Button component={Link} to="/warehouses" variant="default" size="xs">{t("warehouses.title")}</Button></Group>
          </Card>
        </Stack>
      </Columns>
    </Page>
  );
}
