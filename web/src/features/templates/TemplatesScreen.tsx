import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { pickName } from "@/i18n/names";
import { useFormat, useLanguage, useNow } from "@/i18n/useFormat";
import { Button, Card, Empty, Failure, Group, IconMail, IconPalette, IconPlus, IconPuzzle, IconSearch, Loading, Name, Page, State, Switch, Text, TextInput } from "@/ui";
import { languageName } from "./languages";
import { useRestore, useTemplateList } from "./queries";
import { findRows, type Row } from "./rows";
import "./templates.css";

function Languages({ codes }: { codes: string[] }) {
  const language = useLanguage();
  return <span className="hd-codes">{codes.map((one) => <abbr key={one} title={languageName(one, language)} lang="en">{one}</abbr>)}</span>;
}

function TemplateRowView({ row }: { row: Row }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const restore = useRestore(() => undefined);
  const { template, name } = row;
  const modes = [...new Set(Object.values(template.modes))];
  return (
    <li className="hd-row hd-template">
      <Link to={`/templates/${template.key}`} className="hd-link hd-grow">
        <Name strong>{name}</Name>
        <span className="hd-dim hd-small hd-clip">{modes.map((one) => t(`templates.mode.${one}`)).join(" · ")}</span>
      </Link>
      <Languages codes={template.languages} />
      {template.archived_at ? <State tone="calm">{t("templates.is_archived")}</State> : template.number === null ? <State tone="wait">{t("templates.unpublished")}</State> : template.has_draft ? <State tone="wait">{t("templates.has_draft")}</State> : <State tone="yes">{t("templates.live")}</State>}
      <time className="hd-dim hd-small" dateTime={template.updated_at}>{format.ago(template.updated_at, now)}</time>
      {template.archived_at && <Button size="compact-sm" variant="default" loading={restore.isPending} onClick={() => { restore.mutate(template.key); }}>{t("templates.restore")}</Button>}
    </li>
  );
}

/** Every mail that journeys and campaigns can send. */
export default function TemplatesScreen() {
  const { t } = useTranslation();
  const language = useLanguage();
  const [params, setParams] = useSearchParams();
  const [search, isArchived] = [params.get("search") ?? "", params.get("archived") === "yes"];
  const list = useTemplateList(isArchived);
  const rows = findRows(list.data?.items ?? [], search, (one) => pickName(one.names, language, one.key));
  const set = (name: string, value: string) => {
    setParams((old) => { if (value) old.set(name, value); else old.delete(name); return old; }, { replace: true });
  };
  const actions = (
    <>
      <Button variant="default" component={Link} to="/templates/-/brand" leftSection={<IconPalette size={17} aria-hidden />}>{t("templates.brand.title")}</Button>
      <Button variant="default" component={Link} to="/templates/-/snippets" leftSection={<IconPuzzle size={17} aria-hidden />}>{t("templates.snippets.title")}</Button>
      <Button component={Link} to="/templates/-/new" leftSection={<IconPlus size={18} aria-hidden />}>{t("templates.new")}</Button>
    </>
  );
  return (
    <Page title={t("app.place.templates")} lead={t("templates.lead")} actions={actions}>
      <Group justify="space-between">
        <TextInput w={{ base: "100%", sm: 340 }} aria-label={t("templates.search")} placeholder={t("templates.search")} leftSection={<IconSearch size={17} aria-hidden />} dir="auto" value={search} onChange={(event) => { set("search", event.currentTarget.value); }} />
        <Switch label={t("templates.show_archived")} checked={isArchived} onChange={(event) => { set("archived", event.currentTarget.checked ? "yes" : ""); }} />
      </Group>
      {list.isError && <Failure error={list.error} retry={() => void list.refetch()} />}
      <Card flush={rows.length > 0}>
        {list.isPending && <Loading rows={8} />}
        {list.data && rows.length === 0 && (search
          ? <Text c="dimmed">{t("templates.nothing_found")}</Text>
          : <Empty icon={<IconMail size={40} />} title={t("templates.none")} action={<Button component={Link} to="/templates/-/new">{t("templates.new")}</Button>}>{t("templates.none_lead")}</Empty>)}
        {rows.length > 0 && <ul className="hd-list">{rows.map((row) => <TemplateRowView key={row.template.key} row={row} />)}</ul>}
      </Card>
    </Page>
  );
}
