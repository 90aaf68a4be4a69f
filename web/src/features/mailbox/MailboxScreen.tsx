import { useState } from "react";
import { useTranslation } from "react-i18next";
import { NavLink, useNavigate, useParams } from "react-router";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Button, Card, Empty, Failure, Group, IconInbox, Loading, Ltr, Modal, More, Name, Page, Text } from "@/ui";
import { MailView } from "./MailView";
import { itemsOf, useEmptyMailbox, useMailbox, type MailSummary } from "./queries";

function Row({ mail }: { mail: MailSummary }) {
  const format = useFormat();
  const now = useNow();
  return (
    <NavLink to={`/mailbox/${String(mail.id)}`} className={({ isActive }) => (isActive ? "hd-row hd-mail active" : "hd-row hd-mail")}>
      <span className="hd-grow">
        <span className="hd-clip hd-small" dir="ltr"><Ltr>{mail.recipient}</Ltr></span>
        <Name strong>{mail.subject}</Name>
        <time className="hd-dim hd-small" dateTime={mail.received_at}>{format.ago(mail.received_at, now)}</time>
      </span>
    </NavLink>
  );
}

function EmptyAll() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const close = () => { setAsking(false); };
  const empty = useEmptyMailbox(() => { close(); void navigate("/mailbox"); });
  return (
    <>
      <Button variant="default" onClick={() => { setAsking(true); }}>{t("mailbox.empty_all")}</Button>
      <Modal opened={asking} onClose={close} title={t("mailbox.empty_ask")} closeButtonProps={{ "aria-label": t("app.close") }}>
        <Text>{t("mailbox.empty_what")}</Text>
        {empty.isError && <Failure error={empty.error} />}
        <Group mt="lg" justify="flex-end">
          <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
          <Button loading={empty.isPending} onClick={() => { empty.mutate(); }}>{t("mailbox.empty_all")}</Button>
        </Group>
      </Modal>
    </>
  );
}

/** The built-in mailbox: every mail as it left, caught here as long as no provider is connected. */
export default function MailboxScreen() {
  const { t } = useTranslation();
  const { id } = useParams();
  const mails = useMailbox();
  const items = itemsOf(mails.data);
  return (
    <Page title={t("app.place.mailbox")} lead={t("mailbox.lead")} actions={items.length > 0 && <EmptyAll />} wide>
      {mails.isError && <Failure error={mails.error} retry={() => void mails.refetch()} />}
      {mails.isPending && <Card><Loading /></Card>}
      {mails.data && items.length === 0 && <Card><Empty icon={<IconInbox size={40} />} title={t("mailbox.none")}>{t("mailbox.none_lead")}</Empty></Card>}
      {items.length > 0 && (
        <div className="hd-mailbox" data-open={id !== undefined || undefined}>
          <section className="hd-card flush hd-mails" aria-label={t("mailbox.list")}>
            {items.map((mail) => <Row key={mail.id} mail={mail} />)}
            <More pages={mails} />
          </section>
          {id === undefined
            ? <Card><Empty icon={<IconInbox size={40} />} title={t("mailbox.choose")} /></Card>
            : <MailView key={id} id={Number(id)} />}
        </div>
      )}
    </Page>
  );
}
