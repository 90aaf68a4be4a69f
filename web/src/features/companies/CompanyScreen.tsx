import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { shown } from "@/features/people/cards";
import { PersonLine } from "@/features/people/PersonLine";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Avatar, BackLink, Card, Columns, Facts, Failure, Group, Loading, Ltr, More, Name, Page, Text } from "@/ui";
import { itemsOf, titleOf, useCompany, useMembers, type Company } from "./queries";

function Members({ company }: { company: Company }) {
  const { t } = useTranslation();
  const members = useMembers(company.id);
  const items = itemsOf(members.data);
  return (
    <Card title={t("companies.members")} flush={items.length > 0}>
      {members.isError && <Failure error={members.error} retry={() => void members.refetch()} />}
      {members.isPending && <Loading />}
      {members.data && items.length === 0 && <Text c="dimmed">{t("companies.nobody")}</Text>}
      {items.map(({ person_id }) => <Link key={person_id} to={`/people/${String(person_id)}`} className="hd-row"><PersonLine id={person_id} /></Link>)}
      <More pages={members} />
    </Card>
  );
}

function Known({ company }: { company: Company }) {
  const { t } = useTranslation();
  const format = useFormat();
  const items = Object.entries(company.attributes).map(([name, value]): [string, React.ReactNode] => [name, <bdi key={name}>{shown(value, format.number)}</bdi>]);
  return (
    <Card title={t("companies.known")}>
      <Facts items={[[t("companies.key"), <Ltr key="key">{company.key}</Ltr>], ...items]} />
    </Card>
  );
}

/** One company: what is known of it, and who is in it. */
export default function CompanyScreen() {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const { id = "" } = useParams();
  const company = useCompany(Number(id));
  const title = company.data ? titleOf(company.data) : t("events.companies");
  const heading = company.data && <Group gap="md" wrap="nowrap"><Avatar name={title} seed={company.data.id} size={52} /><Name>{title}</Name></Group>;
  const lead = company.data && `${t("people.total", { count: company.data.people, number: format.number(company.data.people) })} · ${t("people.since", { at: format.ago(company.data.created_at, now) })}`;
  return (
    <Page title={title} heading={heading} lead={lead} back={<BackLink to="/companies">{t("events.companies")}</BackLink>}>
      {company.isError && <Failure error={company.error} retry={() => void company.refetch()} />}
      {company.isPending && <Card><Loading /></Card>}
      {company.data && <Columns><Members company={company.data} /><Known company={company.data} /></Columns>}
    </Page>
  );
}
