import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { BackLink, CodeBlock, Failure, Group, Loading, Ltr, MailFrame, SegmentedControl, Text, Title } from "@/ui";
import { useMail, useMailSource } from "./queries";

type Part = "html" | "phone" | "text" | "source";

function Source({ id }: { id: number }) {
  const { t } = useTranslation();
  const source = useMailSource(id);
  if (source.isError) return <Failure error={source.error} />;
  if (!source.data) return <Loading rows={6} />;
  return <CodeBlock code={source.data.source} label={t("mailbox.part.source")} />;
}

export function MailView({ id }: { id: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const mail = useMail(id);
  const [part, setPart] = useState<Part>("html");
  if (mail.isError) return <Failure error={mail.error} retry={() => void mail.refetch()} />;
  if (!mail.data) return <section className="hd-card"><Loading rows={7} /></section>;
  const parts: Part[] = ["html", "phone", "text", "source"];
  return (
    <section className="hd-card hd-mailview">
      <div className="hd-back"><BackLink to="/mailbox">{t("app.place.mailbox")}</BackLink></div>
      <Title order={2} dir="auto" fz="xl">{mail.data.subject}</Title>
      <Text c="dimmed" fz="sm" mt={4} mb="md">
        {t("mailbox.from")} <Ltr>{mail.data.sender}</Ltr> · {t("mailbox.to")} <Ltr>{mail.data.recipient}</Ltr> · {format.dateTime(mail.data.received_at)}
      </Text>
      <Group mb="md">
        <SegmentedControl
          aria-label={t("mailbox.parts")}
          value={part}
          onChange={(value) => { setPart(value); }}
          data={parts.map((one) => ({ value: one, label: t(`mailbox.part.${one}`) }))}
        />
      </Group>
      {part === "html" && <MailFrame subject={mail.data.subject} html={mail.data.html} />}
      {part === "phone" && <MailFrame subject={mail.data.subject} html={mail.data.html} narrow />}
      {part === "text" && <pre className="hd-plaintext" dir="auto" tabIndex={0}>{mail.data.text}</pre>}
      {part === "source" && <Source id={id} />}
    </section>
  );
}
