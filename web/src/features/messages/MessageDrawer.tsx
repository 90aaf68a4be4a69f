import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useTemplateNames } from "@/features/journeys/queries";
import { loadLater } from "@/i18n";
import { useFormat } from "@/i18n/useFormat";
import { Drawer, Facts, Failure, Loading, Ltr, MailFrame, Note, Stack, State, Text, Title } from "@/ui";
import { useMessage } from "./queries";
import { toneOf, type Hold, type MessageDetail } from "./types";

const MessageWhy = lazy(async () => {
  await loadLater();
  return import("./MessageWhy");
});
const MessageReports = lazy(async () => {
  await loadLater();
  return import("./MessageReports");
});

function Attempts({ message }: { message: MessageDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (message.outcomes.length === 0) return null;
  return (
    <section>
      <Title order={3} fz="md" mb="xs">{t("messages.attempts")}</Title>
      <Stack gap="sm">
        {message.outcomes.map((one) => (
          <div key={`${String(one.attempt)}${one.state}${one.at}`}>
            <State tone={toneOf(one.state)}>{t(`messages.state.${one.state}`)}</State>
            <Text component="span" c="dimmed" fz="sm" ms={10}>{format.dateTime(one.at)}</Text>
            {one.reason && <Text fz="sm" mt={4}>{t(`messages.reason.${one.reason}`)}</Text>}
            {one.reply && <Text fz="sm" c="dimmed" mt={4}><Ltr>{[one.code, one.reply].filter(Boolean).join(" ")}</Ltr></Text>}
          </div>
        ))}
      </Stack>
    </section>
  );
}

/** Opens and clicks, people apart from machines. */
function Reactions({ message }: { message: MessageDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (message.engagement.length === 0) return null;
  return (
    <section>
      <Title order={3} fz="md" mb="xs">{t("messages.reactions")}</Title>
      <ul className="hd-list">
        {message.engagement.map((one) => (
          <li key={one.at + one.kind} className="hd-line">
            <span className="hd-grow">
              {t(`messages.engaged.${one.kind}`)} · {t(`messages.verdict.${one.verdict ?? "unknown"}`)}
              {one.url && <span className="hd-clip hd-dim hd-small" dir="ltr"><Ltr>{one.url}</Ltr></span>}
            </span>
            <Text component="time" c="dimmed" fz="sm" dateTime={one.at}>{format.dateTime(one.at)}</Text>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Which cap held it back, and what it lost to. */
function Held({ hold }: { hold: Hold }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <section>
      <Title order={3} fz="md" mb="xs">{t("messages.held")}: {hold.cap}</Title>
      {!hold.ended_at && <Text fz="sm">{t("messages.held_until", { at: format.dateTime(hold.room_at) })}</Text>}
      <Text fz="sm" c="dimmed" mt={4}>{t("messages.held_took")}: {format.list(hold.taken_by.map((one) => format.number(one)))}</Text>
    </section>
  );
}

function Detail({ message }: { message: MessageDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  const template = useTemplateNames();
  const when = (at: string | null) => (at ? format.dateTime(at) : null);
  const facts = [
    [t("messages.to"), message.address && <Ltr key="a">{message.address}</Ltr>],
    [t("messages.who"), <Link key="p" className="hd-textlink" to={`/people/${String(message.person_id)}`}>{t("messages.open_person")}</Link>],
    [t("messages.template"), template(message.template)],
    [t("messages.planned_at"), when(message.planned_at)],
    [t("messages.state_at"), when(message.state_at)],
    [t("messages.due_at"), when(message.due_at)],
    [t("messages.expires_at"), when(message.expires_at)],
    [t("messages.tries"), format.number(message.attempts)],
  ] as [string, React.ReactNode][];
  return (
    <Stack gap="lg">
      <div><State tone={toneOf(message.state)}>{t(`messages.state.${message.state}`)}</State></div>
      <Note tone={toneOf(message.state)}>
        {message.reason ? t(`messages.reason.${message.reason}`) : t(`messages.means.${message.state}`)}
      </Note>
      <Facts items={facts.filter(([, value]) => value !== null)} />
      {message.held && <Held hold={message.held} />}
      <Suspense fallback={<Loading rows={3} />}><MessageWhy id={message.id} /></Suspense>
      <Suspense fallback={null}><MessageReports id={message.id} /></Suspense>
      <Attempts message={message} />
      <Reactions message={message} />
      {message.copy && (
        <section>
          <Title order={3} fz="md" mb="xs">{t("messages.copy")}</Title>
          <Text mb="xs" fw={600} dir="auto" ta="start">{message.copy.subject}</Text>
          <MailFrame subject={message.copy.subject} html={message.copy.html} height={420} />
        </section>
      )}
    </Stack>
  );
}

/** One message in full: where it went, each attempt, the receiving server's own words. */
export function MessageDrawer({ id, close }: { id: number | null; close: () => void }) {
  const { t } = useTranslation();
  const message = useMessage(id);
  return (
    <Drawer opened={id !== null} onClose={close} position="right" size="md" title={t("messages.one")} closeButtonProps={{ "aria-label": t("app.close") }}>
      {message.isError && <Failure error={message.error} />}
      {message.isPending && <Loading />}
      {message.data && <Detail message={message.data} />}
    </Drawer>
  );
}
