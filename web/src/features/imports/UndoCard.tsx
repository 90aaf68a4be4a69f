import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Failure, Figure, Figures, Group, Note, Stack } from "@/ui";
import { useUndo } from "./queries";
import type { Import } from "./types";

const ALWAYS = ["people_removed", "values_back", "words_back", "events"] as const;
const IF_ANY = ["people_kept", "values_left", "words_left", "suppressed"] as const;

/** What taking it back does, or did. */
function Weight({ undo }: { undo: NonNullable<Import["undo"]> }) {
  const { t } = useTranslation();
  const format = useFormat();
  const shown = [...ALWAYS, ...IF_ANY.filter((name) => undo[name] > 0)];
  return <Figures>{shown.map((name) => <Figure key={name} label={t(`imports.undo.${name}`)} value={format.number(undo[name])} />)}</Figures>;
}

/** Count first, then take it back: what this import alone did. */
export function UndoCard({ one }: { one: Import }) {
  const { t } = useTranslation();
  const undo = useUndo(one.id);
  const isOver = one.state === "undone";
  if (isOver) return one.undo && <Card title={t("imports.undo.did")}><Weight undo={one.undo} /></Card>;
  return (
    <Card title={t(one.undo ? "imports.undo.would" : "imports.undo.title")}>
      <Stack>
        {one.undo ? <Weight undo={one.undo} /> : <p className="hd-dim" style={{ margin: 0 }}>{t("imports.undo.lead")}</p>}
        {one.undo && <Note tone="wait">{t("imports.undo.stays")}</Note>}
        {undo.isError && <Failure error={undo.error} />}
        <Group>
          {one.undo && <Button color="red.9" loading={undo.isPending} onClick={() => { undo.mutate(false); }}>{t("imports.undo.now")}</Button>}
          {!one.undo && <Button variant="default" loading={undo.isPending} onClick={() => { undo.mutate(true); }}>{t("imports.undo.ask")}</Button>}
        </Group>
      </Stack>
    </Card>
  );
}
