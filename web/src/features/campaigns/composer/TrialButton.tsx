import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Button, Failure, Group, IconMail, Ltr, Text } from "@/ui";
import { useTrial } from "../queries";

/** Sends a copy to the author's own address, and says where it went. */
export function TrialButton({ id, variant, language }: { id: number; variant: string; language: string }) {
  const { t } = useTranslation();
  const trial = useTrial(id);
  const sent = trial.data?.items[0];
  return (
    <Group gap="sm" aria-live="polite">
      <Button size="compact-sm" variant="subtle" leftSection={<IconMail size={16} aria-hidden />} loading={trial.isPending} onClick={() => { trial.mutate({ variant, language }); }}>{t("campaigns.try")}</Button>
      {sent && <Text fz="sm" c="dimmed">{sent.end === "mailbox" ? <Link className="hd-textlink" to="/mailbox">{t("campaigns.tried_mailbox")}</Link> : <>{t("campaigns.tried")} <Ltr>{sent.address}</Ltr></>}</Text>}
      {trial.data?.reason && <Text fz="sm" c="var(--hd-no)">{t(`messages.reason.${trial.data.reason}`, { defaultValue: trial.data.reason })}</Text>}
      {trial.isError && <Failure error={trial.error} />}
    </Group>
  );
}
