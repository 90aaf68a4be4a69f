import { useTranslation } from "react-i18next";
import { useWho } from "@/features/settings/useWho";
import { useFormat } from "@/i18n/useFormat";
import { Button, Failure, Loading, Modal, More, Stack, State, Text, say } from "@/ui";
import { itemsOf, usePublishAgain, useTemplateVersions } from "../queries";

/** Every publication of a mail, and the way back to one. */
export function VersionsDialog({ templateKey, close, done }: { templateKey: string; close: () => void; done: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const who = useWho();
  const versions = useTemplateVersions(templateKey);
  const again = usePublishAgain(templateKey, () => { say(t("templates.published")); done(); });
  return (
    <Modal opened onClose={close} title={t("versions.title")} size="lg" closeButtonProps={{ "aria-label": t("app.close") }}>
      <Stack>
        <Text c="dimmed">{t("templates.versions_lead")}</Text>
        {versions.isPending && <Loading rows={3} />}
        {versions.isError && <Failure error={versions.error} />}
        {again.isError && <Failure error={again.error} />}
        {itemsOf(versions.data).map(({ number, published_at: at, published_by: by, is_current: isCurrent }) => (
          <div key={number} className="hd-version">
            <span>
              <b>{t("versions.version", { number: format.number(number) })}</b>{" "}
              {isCurrent && <State tone="yes">{t("versions.current")}</State>}
              <Text component="span" display="block" fz="sm" c="dimmed">{t("versions.made", { at: format.dateTime(at), who: `\u2068${who(by)}\u2069` })}</Text>
            </span>
            {!isCurrent && <Button variant="default" size="xs" loading={again.isPending && again.variables === number} disabled={again.isPending} onClick={() => { again.mutate(number); }}>{t("versions.back")}</Button>}
          </div>
        ))}
        <More pages={versions} />
      </Stack>
    </Modal>
  );
}
