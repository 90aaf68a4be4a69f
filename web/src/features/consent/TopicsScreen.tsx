import { useTranslation } from "react-i18next";
import { pickName } from "@/i18n/names";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { Button, Card, Failure, Group, IconPlus, Loading, Ltr, Num, State, Switch, Text, Title, say, useDisclosure } from "@/ui";
import { ConfirmMail } from "./ConfirmMail";
import { ConsentPage } from "./ConsentPage";
import { TopicForm } from "./TopicForm";
import { useCreateTopic, useRenameTopic, useSetConfirmation, useTopicNumbers } from "./queries";
import type { Topic } from "./types";
import { useRights } from "./useRights";
import "./consent.css";

const STATES = ["subscribed", "pending", "unsubscribed"] as const;

/** How many people stand where: a bar, and the numbers in words. */
function Numbers({ topic }: { topic: Topic }) {
  const { t } = useTranslation();
  const format = useFormat();
  const all = topic.subscribed + topic.pending + topic.unsubscribed;
  return (
    <div>
      <div className="hd-shares" aria-hidden>
        {all > 0 && STATES.map((one) => <i key={one} data-state={one} style={{ flexGrow: topic[one] }} />)}
      </div>
      <ul className="hd-share-words">
        {STATES.map((one) => <li key={one} data-state={one}><b className="hd-num">{format.number(topic[one])}</b> {t(`consent.count.${one}`)}</li>)}
      </ul>
    </div>
  );
}

/** Double opt-in, and the mail that asks. */
function Confirming({ topic, isAdmin }: { topic: Topic; isAdmin: boolean }) {
  const { t } = useTranslation();
  const set = useSetConfirmation(topic.key);
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <div>
      <Group justify="space-between" align="flex-start">
        <Switch
          label={t("consent.confirms")} description={t("consent.confirms_hint")} checked={topic.confirms} disabled={!isAdmin || set.isPending}
          onChange={(event) => { set.mutate(event.currentTarget.checked); }}
        />
        {topic.confirms && <Button size="compact-sm" variant="subtle" onClick={open}>{t("consent.see_mail")}</Button>}
      </Group>
      {set.isError && <Failure error={set.error} />}
      {isOpen && <ConfirmMail topicKey={topic.key} close={close} />}
    </div>
  );
}

function TopicCard({ topic, isAdmin }: { topic: Topic; isAdmin: boolean }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const [isOpen, { open, close }] = useDisclosure();
  const rename = useRenameTopic(topic.key, () => { say(t("consent.saved")); close(); });
  const name = pickName(topic.names, language, topic.key);
  return (
    <li className="hd-card">
      <Group justify="space-between" wrap="nowrap" align="flex-start" mb="md">
        <div className="hd-grow">
          <Title order={2}><bdi>{name}</bdi></Title>
          <span className="hd-dim hd-small"><Ltr>{topic.key}</Ltr></span>
        </div>
        <Group gap="xs" wrap="nowrap">
          {topic.stream === "transactional" && <State tone="calm">{t("consent.no_consent_needed")}</State>}
          {isAdmin && !isOpen && <Button size="xs" variant="default" aria-label={t("consent.rename_named", { name })} onClick={open}>{t("consent.rename")}</Button>}
        </Group>
      </Group>
      {isOpen
        ? <TopicForm topic={topic} isPending={rename.isPending} error={rename.error} close={close} submit={({ names }) => { rename.mutate(names); }} />
        : topic.stream === "marketing" && <Numbers topic={topic} />}
      {topic.stream === "marketing" && !isOpen && <div className="hd-card-foot"><Confirming topic={topic} isAdmin={isAdmin} /></div>}
      {topic.stream === "transactional" && !isOpen && <Text c="dimmed" fz="sm">{t("consent.transactional_lead")}</Text>}
    </li>
  );
}

/** What people subscribe to: names in every language, how many stand where, and whether who asks confirms first. */
export default function TopicsScreen() {
  const { t } = useTranslation();
  const topics = useTopicNumbers();
  const { isAdmin } = useRights();
  const [isOpen, { open, close }] = useDisclosure();
  const create = useCreateTopic(() => { say(t("consent.made")); close(); });
  const add = isAdmin && !isOpen && <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={open}>{t("consent.add_topic")}</Button>;
  return (
    <ConsentPage tab="topics" actions={add}>
      {isOpen && <Card title={t("consent.add_topic")}><TopicForm isPending={create.isPending} error={create.error} close={close} submit={(topic) => { create.mutate(topic); }} /></Card>}
      {topics.isError && <Failure error={topics.error} retry={() => void topics.refetch()} />}
      {topics.isPending && <Card><Loading /></Card>}
      {topics.data && <ul className="hd-topics">{topics.data.items.map((one) => <TopicCard key={one.key} topic={one} isAdmin={isAdmin} />)}</ul>}
      {topics.data && !isAdmin && <Num>{t("consent.admins_only")}</Num>}
    </ConsentPage>
  );
}
