import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useTopicName } from "@/features/segments/useTopicName";
import { useLanguage } from "@/i18n/useFormat";
import { Failure, Loading, MailFrame, Modal, Stack, Text } from "@/ui";
import { CONFIRM_TEMPLATE, useConfirmMail } from "./queries";

/** The mail that asks for a confirmation, in the reader's language. */
export function ConfirmMail({ topicKey, close }: { topicKey: string; close: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const topic = useTopicName();
  const mail = useConfirmMail(language, topic(topicKey));
  return (
    <Modal opened onClose={close} size="lg" title={mail.data?.subject ? <bdi>{mail.data.subject}</bdi> : t("consent.see_mail")} closeButtonProps={{ "aria-label": t("app.close") }}>
      <Stack>
        <Text c="dimmed" fz="sm">{t("consent.mail_lead")} <Link className="hd-textlink" to={`/templates/${CONFIRM_TEMPLATE}`}>{t("consent.mail_edit")}</Link></Text>
        {mail.isError && <Failure error={mail.error} />}
        {mail.isPending && <Loading rows={5} />}
        {mail.data?.html && <MailFrame subject={mail.data.subject ?? ""} html={mail.data.html} height={470} />}
      </Stack>
    </Modal>
  );
}
