import { useTranslation } from "react-i18next";
import { problemOf } from "@/api/problem";
import { Unsaved } from "@/features/drafts/Unsaved";
import { useLanguage } from "@/i18n/useFormat";
import { Button, Failure, Group, Loading, Modal, Note, Stack, Text, Title, say } from "@/ui";
import { languageName } from "../languages";
import { useCheck, usePublish } from "../queries";
import type { Draft, Finding } from "../types";
import { FindingText } from "./FindingText";

function Findings({ items, tone }: { items: Finding[]; tone: "no" | "wait" }) {
  const { t } = useTranslation();
  const ours = useLanguage();
  if (items.length === 0) return null;
  return (
    <Note tone={tone}>
      <Text fw={600}>{t(tone === "no" ? "templates.check.errors" : "templates.check.warnings")}</Text>
      <ul className="hd-findings">
        {items.map((one) => <li key={one.place + one.code + one.problem}>{one.language && <b>{languageName(one.language, ours)}: </b>}<FindingText finding={one} /></li>)}
      </ul>
    </Note>
  );
}

interface PublishProps {
  draft: Draft;
  close: () => void;
  reload: () => void;
  done: () => void;
}

/** Before publishing: everything that is looked at, and what came of it. */
export function PublishDialog({ draft, close, reload, done }: PublishProps) {
  const { t } = useTranslation();
  const check = useCheck(draft.languages);
  const publish = usePublish(draft.key, () => { say(t("templates.published")); done(); });
  const items = check.data?.items ?? [];
  const errors = items.filter((one) => one.level === "error");
  return (
    <Modal opened onClose={close} title={t("templates.publish_ask")} size="lg" closeButtonProps={{ "aria-label": t("app.close") }}>
      <Stack>
        <Text>{t(draft.number === null ? "templates.publish_first" : "templates.publish_next")}</Text>
        <Title order={3} fz="md">{t("templates.check.title")}</Title>
        {check.isPending && <Loading rows={3} />}
        {check.isError && <Failure error={check.error} />}
        {check.data && items.length === 0 && <Note tone="yes">{t("templates.check.sound")}</Note>}
        <Findings items={errors} tone="no" />
        <Findings items={items.filter((one) => one.level === "warning")} tone="wait" />
        {publish.isError && (problemOf(publish.error).code === "draft_changed" ? <Unsaved error={publish.error} take={reload} /> : <Failure error={publish.error} />)}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
          <Button disabled={errors.length > 0 || check.isPending} loading={publish.isPending} onClick={() => { publish.mutate(draft.revision); }}>{t("templates.publish")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
