import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Avatar, BackLink, Card, Empty, Failure, IconSearch, IconUsers, Loading, Ltr, More, Name, Page, Text, TextInput, useDebouncedValue } from "@/ui";
import { itemsOf, titleOf, useCompanies, type Company } from "./queries";

function Row({ company }: { company: Company }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const title = titleOf(company);
  return (
    <Link to={`/companies/${String(company.id)}`} className="hd-row">
      <Avatar name={title} seed={company.id} />
      <span className="hd-grow">
        <Name>{title}</Name>
        {title !== company.key && <span className="hd-clip hd-dim hd-small"><Ltr>{company.key}</Ltr></span>}
      </span>
      <span className="hd-small">{t("people.total", { count: company.people, number: format.number(company.people) })}</span>
      <Text component="span" c="dimmed" fz="sm" w={150} ta="end" visibleFrom="sm">{format.ago(company.created_at, now)}</Text>
    </Link>
  );
}

/** The companies that people were said to be in, the newest first. */
export default function CompaniesScreen() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const [typed, setTyped] = useState(params.get("search") ?? "");
  const [search] = useDebouncedValue(typed.trim(), 200);
  useEffect(() => { setParams(search ? { search } : {}, { replace: true }); }, [search, setParams]);
  const companies = useCompanies(search);
  const items = itemsOf(companies.data);
  const nothing = search
    ? <Empty icon={<IconSearch size={40} />} title={t("companies.not_found")}>{t("companies.not_found_lead")}</Empty>
    : <Empty icon={<IconUsers size={40} />} title={t("companies.none")}>{t("companies.none_lead")}</Empty>;
  return (
    <Page title={t("events.companies")} lead={t("companies.lead")} back={<BackLink to="/people">{t("app.place.people")}</BackLink>}>
      <TextInput
        type="search"
        size="md"
        aria-label={t("companies.search")}
        placeholder={t("companies.search")}
        leftSection={<IconSearch size={18} aria-hidden />}
        value={typed}
        onChange={(event) => { setTyped(event.currentTarget.value); }}
      />
      {companies.isError && <Failure error={companies.error} retry={() => void companies.refetch()} />}
      <Card flush={items.length > 0}>
        {companies.isPending && <Loading />}
        {items.map((one) => <Row key={one.id} company={one} />)}
        {companies.data && items.length === 0 && nothing}
        <More pages={companies} />
      </Card>
    </Page>
  );
}
