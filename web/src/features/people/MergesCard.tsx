import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Failure, Group, Ltr, Modal, say, Stack, Text } from "@/ui";
import { useUndoMerge } from "./queries";
import type { Merge, Profile } from "./types";

function Separate({ merge, close }: { merge: Merge; close: () => void }) {
  const { t } = useTranslation();
  const undo = useUndoMerge((undone) => {
    const stays = undone.changed_attributes.join(", ");
    say(stays ? t("people.merge.done_but", { stays }) : t("people.merge.done"));
    close();
  });
  return (
    <Modal opened onClose={close} title={t("people.merge.ask")} closeButtonProps={{ "aria-label": t("app.close") }}>
      <Stack>
        <Text>{t("people.merge.back")}</Text>
        <Text>{t("people.merge.stays")}</Text>
        <Text>{t("people.merge.refusals")}</Text>
        {undo.isError && <Failure error={undo.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
          <Button loading={undo.isPending} onClick={() => { undo.mutate(merge.id); }}>{t("people.merge.separate")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function MergeLine({ merge }: { merge: Merge }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [asking, setAsking] = useState(false);
  const known = merge.identifiers.map(([, value]) => value);
  return (
    <li className="hd-line">
      <span className="hd-grow">
        {known.length === 0 ? t("people.merge.nameless") : known.slice(0, 3).map((value) => <span key={value} className="hd-clip" style={{ display: "block" }}><Ltr>{value}</Ltr></span>)}
        <span className="hd-dim hd-small" style={{ display: "block" }}>
          {t(`people.source.${merge.cause}`, { defaultValue: merge.cause })} · {format.dateTime(merge.at)}
        </span>
      </span>
      <Button size="compact-sm" variant="subtle" onClick={() => { setAsking(true); }}>{t("people.merge.separate")}</Button>
      {asking && <Separate merge={merge} close={() => { setAsking(false); }} />}
    </li>
  );
}

/** Who turned out to be this person, newest first, each with the way back. */
export function MergesCard({ person }: { person: Profile }) {
  const { t } = useTranslation();
  if (person.merged.length === 0) return null;
  return (
    <Card title={t("people.merge.title")}>
      <ul className="hd-list">{[...person.merged].reverse().map((merge) => <MergeLine key={merge.id} merge={merge} />)}</ul>
    </Card>
  );
}
