import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { keyOf } from "@/features/journeys/editor/keys";
import { pickName } from "@/i18n/names";
import { useFormat, useLanguage, useNow } from "@/i18n/useFormat";
import { BackLink, Button, Card, Empty, Failure, Group, IconPlus, IconPuzzle, Loading, Name, Page, Text, TextInput, useDisclosure } from "@/ui";
import { makeBlock, newId } from "../editor/change";
import { useSaveSnippet, useSnippets } from "../queries";
import type { Snippet } from "../types";
import "../templates.css";

function Row({ snippet }: { snippet: Snippet }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const language = useLanguage();
  return (
    <Link to={`/templates/-/snippets/${snippet.key}`} className="hd-row hd-template">
      <span className="hd-grow"><Name strong>{pickName(snippet.names, language, snippet.key)}</Name></span>
      <span className="hd-codes">{Object.keys(snippet.languages).map((one) => <span key={one} lang="en">{one}</span>)}</span>
      <Text component="span" fz="sm">{t("templates.snippets.uses", { count: snippet.uses, number: format.number(snippet.uses) })}</Text>
      <time className="hd-dim hd-small" dateTime={snippet.updated_at}>{format.ago(snippet.updated_at, now)}</time>
    </Link>
  );
}

function NewForm({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [key] = useState(() => keyOf("snippet"));
  const save = useSaveSnippet(key, () => void navigate(`/templates/-/snippets/${key}`));
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    save.mutate({ names: { [language]: name.trim() }, languages: { [language]: [makeBlock("text", newId())] }, revision: 0 });
  };
  return (
    <Card title={t("templates.snippets.new")}>
      <form onSubmit={submit}>
        <Group align="flex-end">
          <TextInput w={{ base: "100%", sm: 360 }} label={t("templates.snippets.name")} dir="auto" autoFocus maxLength={200} value={name} onChange={(event) => { setName(event.currentTarget.value); }} />
          <Button type="submit" disabled={name.trim() === ""} loading={save.isPending}>{t("templates.snippets.make")}</Button>
          <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
        </Group>
        {save.isError && <Failure error={save.error} />}
      </form>
    </Card>
  );
}

/** Blocks that are written once and stand in many mails. */
export default function SnippetsScreen() {
  const { t } = useTranslation();
  const snippets = useSnippets();
  const [isOpen, { open, close }] = useDisclosure();
  const items = snippets.data?.items ?? [];
  const make = !isOpen && <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={open}>{t("templates.snippets.new")}</Button>;
  return (
    <Page title={t("templates.snippets.title")} lead={t("templates.snippets.lead")} back={<BackLink to="/templates">{t("app.place.templates")}</BackLink>} actions={make}>
      {isOpen && <NewForm close={close} />}
      {snippets.isError && <Failure error={snippets.error} retry={() => void snippets.refetch()} />}
      <Card flush={items.length > 0}>
        {snippets.isPending && <Loading rows={3} />}
        {items.map((one) => <Row key={one.key} snippet={one} />)}
        {snippets.data && items.length === 0 && <Empty icon={<IconPuzzle size={40} />} title={t("templates.snippets.none")}>{t("templates.snippets.none_lead")}</Empty>}
      </Card>
    </Page>
  );
}
