import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { useTemplateNames } from "@/features/journeys/queries";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Card, Empty, Failure, IconSend, Loading, Ltr, More, Name, Page, Select, State, Text } from "@/ui";
import { MessageDrawer } from "./MessageDrawer";
import { itemsOf, useMessages } from "./queries";
import { STATES, toneOf, type Message } from "./types";

function Row({ message, template, open }: { message: Message; template: string; open: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  return (
    <button type="button" className="hd-row hd-plain" onClick={open}>
      <span className="hd-grow">
        <Name>{template}</Name>
        <span className="hd-clip hd-dim hd-small">
          {message.address ? <Ltr>{message.address}</Ltr> : t("messages.person", { id: format.number(message.person_id) })}
        </span>
      </span>
      {message.reason && <Text component="span" c="dimmed" fz="sm" visibleFrom="sm">{t(`messages.reason.${message.reason}`)}</Text>}
      <State tone={toneOf(message.state)}>{t(`messages.state.${message.state}`)}</State>
      <Text component="time" c="dimmed" fz="sm" w={112} ta="end" visibleFrom="sm" dateTime={message.state_at} title={format.dateTime(message.state_at)}>
        {format.ago(message.state_at, now)}
      </Text>
    </button>
  );
}

/** Every message that was ever decided: what became of it, and why. The address of the page restores the list. */
export default function MessagesScreen() {
  const { t } = useTranslation();
  const template = useTemplateNames();
  const [params, setParams] = useSearchParams();
  const change = (name: string, value: string | null) => {
    setParams((old) => {
      if (value) old.set(name, value);
      else old.delete(name);
      if (name === "state") old.delete("reason");
      return old;
    }, { replace: name === "message" });
  };
  const state = params.get("state") ?? undefined;
  const reason = params.get("reason") ?? undefined;
  const messages = useMessages({ state, reason });
  const items = itemsOf(messages.data);
  const open = params.get("message");
  const filter = (
    <Select
      aria-label={t("messages.filter")}
      placeholder={t("messages.all")}
      data={STATES.map((one) => ({ value: one, label: t(`messages.state.${one}`) }))}
      value={state ?? null}
      onChange={(value) => { change("state", value); }}
      clearable
      w={220}
    />
  );
  return (
    <Page title={t("app.place.messages")} lead={t("messages.lead")} actions={filter}>
      {messages.isError && <Failure error={messages.error} retry={() => void messages.refetch()} />}
      <Card flush={items.length > 0}>
        {messages.isPending && <Loading />}
        {messages.data && items.length === 0 && (
          <Empty icon={<IconSend size={40} />} title={state ? t("messages.none_filtered") : t("messages.none")}>{!state && t("messages.none_lead")}</Empty>
        )}
        {items.map((one) => <Row key={one.id} message={one} template={template(one.template)} open={() => { change("message", String(one.id)); }} />)}
        <More pages={messages} />
      </Card>
      <MessageDrawer id={open ? Number(open) : null} close={() => { change("message", null); }} />
    </Page>
  );
}
