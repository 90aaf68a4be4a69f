import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { Card, Failure } from "@/ui";
import { titleOf, useMemberships, type Membership } from "./queries";

function Company({ one }: { one: Membership }) {
  const { t } = useTranslation();
  const format = useFormat();
  const facts = Object.entries(one.attributes).filter(([name]) => name !== "name").map(([key, value]) => `${key}: ${typeof value === "number" ? format.number(value) : typeof value === "string" ? value : JSON.stringify(value)}`);
  return (
    <li className="hd-line">
      <span className="hd-grow">
        <Link className="hd-textlink" to={`/companies/${String(one.id)}`}><bdi>{titleOf(one)}</bdi></Link>
        <span className="hd-dim hd-small" style={{ display: "block" }}>{facts.map((fact, place) => <span key={fact}>{place > 0 && " · "}<bdi>{fact}</bdi></span>)}</span>
      </span>
      <span className="hd-dim hd-small">{t("events.company_since", { at: format.date(one.since) })}</span>
    </li>
  );
}

/** The companies that somebody is in; nothing for those who are in none. */
export function CompaniesCard({ personId }: { personId: number }) {
  const { t } = useTranslation();
  const memberships = useMemberships(personId);
  if (memberships.isError) return <Failure error={memberships.error} />;
  if (!memberships.data?.items.length) return null;
  return (
    <Card title={t("events.companies")}>
      <ul className="hd-list">{memberships.data.items.map((one) => <Company key={one.id} one={one} />)}</ul>
    </Card>
  );
}
