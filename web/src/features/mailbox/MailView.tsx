import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { BackLink, CodeBlock, Failure, Group, Loading, Ltr, SegmentedControl, Text, Title } from "@/ui";
import { useMail, useMailSource, type Mail } from "./queries";

type Part = "html" | "phone" | "text" | "source";

/** The mail's HTML without scripts, forms, or a way out: a frame of an origin of its own. */
function Frame({ mail, narrow }: { mail: Mail; narrow: boolean }) {
  const { t } = useTranslation();
  return (
    <iframe
      className="hd-mailframe"
      title={t("mailbox.frame", { subject: mail.subject })}
      sandbox="allow-popups allow-popups-to-escape-sandbox"
      srcDoc={`<base target="_blank">${mail.html}`}
      style={narrow ? { maxWidth: 390 } : undefined}
    />
  );
}

function Source({ id }: { id: string }) {
  const { t } = useTranslation();
  const source = useMailSource(id, true);
  if (source.isError) return <Failure error={source.error} />;
  if (!source.data) return <Loading rows={6} />;
  return <CodeBlock code={source.data.source} label={t("mailbox.part.source")} />;
}

export function MailView({ id }: { id: string }) {
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
      {part === "html" && <Frame mail={mail.data} narrow={false} />}
      {part === "phone" && <Frame mail={mail.data} narrow />}
      {part === "text" && <pre className="hd-plaintext" dir="auto" tabIndex={0}>{mail.data.text}</pre>}
      {part === "source" && <Source id={id} />}
    </section>
  );
}
