import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useSearchParams } from "react-router";
import { useTopicName } from "@/features/segments/useTopicName";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Empty, Failure, Group, IconPlus, IconSearch, IconSpeakerphone, Loading, Modal, More, Name, Page, Progress, Stack, Switch, Text, TextInput, useDebouncedValue, useDisclosure } from "@/ui";
import { CampaignState } from "./CampaignState";
import { Choice } from "./Choice";
import { itemsOf, useCampaignList, useCreate } from "./queries";
import { STATES, type CampaignCard } from "./types";
import "./campaigns.css";

function NewCampaign({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const create = useCreate((made) => void navigate(`/campaigns/${String(made.id)}`));
  const send = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    create.mutate(name.trim());
  };
  return (
    <Modal opened onClose={close} title={t("campaigns.new")} closeButtonProps={{ "aria-label": t("app.close") }}>
      <form onSubmit={send}>
        <Stack>
          <TextInput required data-autofocus dir="auto" maxLength={200} label={t("campaigns.name")} description={t("campaigns.name_hint")} value={name} onChange={(event) => { setName(event.currentTarget.value); }} />
          {create.isError && <Failure error={create.error} />}
          <Group justify="end" gap="xs">
            <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
            <Button type="submit" loading={create.isPending} disabled={!name.trim()}>{t("campaigns.begin")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** How far it is, and who has read it; only what people did counts. */
function Figures({ numbers }: { numbers: NonNullable<CampaignCard["numbers"]> }) {
  const { t } = useTranslation();
  const format = useFormat();
  const share = (part: number) => (numbers.delivered > 0 ? format.percent(part / numbers.delivered) : "–");
  return (
    <span className="hd-campaign-figures">
      <span><b className="hd-num">{format.number(numbers.accepted)}</b><small>{t("campaigns.sent")}</small></span>
      <span><b className="hd-num">{share(numbers.opened)}</b><small>{t("campaigns.opened")}</small></span>
      <span><b className="hd-num">{share(numbers.clicked)}</b><small>{t("campaigns.clicked")}</small></span>
    </span>
  );
}

function Row({ one }: { one: CampaignCard }) {
  const { t } = useTranslation();
  const format = useFormat();
  const topic = useTopicName();
  const { numbers } = one;
  const isUnderWay = numbers !== null && numbers.pending > 0;
  const when = one.state === "draft" ? t("campaigns.changed_at", { at: format.dateTime(one.updated_at) }) : one.starts_at ? format.dateTime(one.starts_at) : "";
  return (
    <Link to={`/campaigns/${String(one.id)}`} className="hd-row hd-campaign">
      <span className="hd-grow">
        <Name>{one.name}</Name>
        <span className="hd-clip hd-dim hd-small">{[one.topic && topic(one.topic), one.variants > 1 && t("campaigns.variants_of", { number: format.number(one.variants) }), one.resend_of !== null && t("campaigns.is_resend"), when].filter(Boolean).join(" · ")}</span>
        {isUnderWay && <Progress mt={8} size="sm" value={(100 * (numbers.selected - numbers.pending)) / Math.max(1, numbers.selected)} aria-label={t("campaigns.progress")} />}
      </span>
      {numbers && <Figures numbers={numbers} />}
      <CampaignState state={one.state} />
    </Link>
  );
}

/** All campaigns, newest first: where each stands, how far it is, who has read it. */
export default function CampaignsScreen() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const [isOpen, { open, close }] = useDisclosure();
  const state = STATES.find((one) => one === params.get("state")) ?? null;
  const search = params.get("search") ?? "";
  const isArchived = params.get("archived") === "yes";
  const [asked] = useDebouncedValue(search.trim(), 250);
  const change = (name: string, value: string) => {
    setParams((before) => { const next = new URLSearchParams(before); if (value) next.set(name, value); else next.delete(name); return next; }, { replace: true });
  };
  const found = useCampaignList(state, asked, isArchived);
  const items = itemsOf(found.data);
  const isFiltered = state !== null || search !== "" || isArchived;
  const add = <Button leftSection={<IconPlus size={17} aria-hidden />} onClick={open}>{t("campaigns.new")}</Button>;
  return (
    <Page title={t("app.place.campaigns")} lead={t("campaigns.lead")} actions={(items.length > 0 || isFiltered) && add}>
      {isOpen && <NewCampaign close={close} />}
      {(items.length > 0 || isFiltered) && (
        <Group gap="sm">
          <Choice label={t("campaigns.filter")} value={state ?? ""} options={[{ value: "", label: t("campaigns.all") }, ...STATES.map((one) => ({ value: one, label: t(`campaigns.state.${one}`) }))]} choose={(one) => { change("state", one); }} />
          <TextInput aria-label={t("campaigns.search")} placeholder={t("campaigns.search")} leftSection={<IconSearch size={17} aria-hidden />} flex="1 1 200px" value={search} onChange={(event) => { change("search", event.currentTarget.value); }} />
        </Group>
      )}
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      <Card flush={items.length > 0}>
        {found.isPending && <Loading rows={5} />}
        {items.map((one) => <Row key={one.id} one={one} />)}
        {found.data && items.length === 0 && (
          <Empty icon={<IconSpeakerphone size={40} />} title={t(isFiltered ? "campaigns.none_found" : "campaigns.none")} action={!isFiltered && add}>{!isFiltered && t("campaigns.none_lead")}</Empty>
        )}
        <More pages={found} />
      </Card>
      {(items.length > 0 || isFiltered) && <Text component="div"><Switch label={t("campaigns.show_archived")} checked={isArchived} onChange={(event) => { change("archived", event.currentTarget.checked ? "yes" : ""); }} /></Text>}
    </Page>
  );
}
