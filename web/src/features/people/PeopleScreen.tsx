import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { useStages } from "@/features/lifecycle/queries";
import { StageFilter } from "@/features/lifecycle/StageFilter";
import { StagePeople } from "@/features/lifecycle/StagePeople";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Avatar, Card, Empty, Failure, IconSearch, IconUsers, Loading, Ltr, Name, Page, Text, TextInput, useDebouncedValue } from "@/ui";
import { emailOf, nameOf } from "./name";
import { itemsOf, usePeople } from "./queries";
import type { Person } from "./types";

const ROW = 66;

function Row({ person }: { person: Person }) {
  const format = useFormat();
  const now = useNow();
  const name = nameOf(person);
  const email = emailOf(person);
  return (
    <Link to={`/people/${String(person.id)}`} className="hd-row" style={{ height: ROW }}>
      <Avatar name={name} seed={person.id} />
      <span className="hd-grow">
        <Name>{name}</Name>
        {email && email !== name && <span className="hd-clip hd-dim hd-small" dir="ltr"><Ltr>{email}</Ltr></span>}
      </span>
      <Text component="span" c="dimmed" fz="sm" w={150} ta="end" visibleFrom="sm">{format.ago(person.created_at, now)}</Text>
    </Link>
  );
}

/** Only the rows in sight are in the page; the next ones are fetched before they are reached. */
function Rows({ items, more }: { items: Person[]; more: () => void }) {
  const list = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);
  useLayoutEffect(() => { setMargin(list.current?.offsetTop ?? 0); }, []);
  const rows = useWindowVirtualizer({ count: items.length, estimateSize: () => ROW, overscan: 12, scrollMargin: margin });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => { if (last >= items.length - 15) more(); }, [last, items.length, more]);
  return (
    <div ref={list} style={{ height: rows.getTotalSize(), position: "relative" }}>
      {shown.map(({ index, start, key }) => {
        const person = items[index];
        return person && (
          <div key={key} className="hd-virtual" style={{ position: "absolute", insetInline: 0, top: 0, transform: `translateY(${String(start - margin)}px)` }}>
            <Row person={person} />
          </div>
        );
      })}
    </div>
  );
}

/** The search, and those it finds: everybody while nothing is typed. */
function Everybody({ typed, type, search, people }: { typed: string; type: (text: string) => void; search: string; people: ReturnType<typeof usePeople> }) {
  const { t } = useTranslation();
  const items = itemsOf(people.data);
  const { hasNextPage, isFetching, fetchNextPage } = people;
  const more = () => { if (hasNextPage && !isFetching) void fetchNextPage(); };
  return (
    <>
      <TextInput
        type="search"
        size="md"
        aria-label={t("people.search")}
        placeholder={t("people.search")}
        leftSection={<IconSearch size={18} aria-hidden />}
        value={typed}
        onChange={(event) => { type(event.currentTarget.value); }}
      />
      {people.isError && <Failure error={people.error} retry={() => void people.refetch()} />}
      <Card flush={items.length > 0}>
        {people.isPending && <Loading />}
        {items.length > 0 && <Rows items={items} more={more} />}
        {people.data && items.length === 0 && (search
          ? <Empty icon={<IconSearch size={40} />} title={t("people.nobody_found")}>{t("people.nobody_found_lead")}</Empty>
          : <Empty icon={<IconUsers size={40} />} title={t("people.nobody")} action={<Link className="hd-textlink" to="/settings/keys">{t("people.nobody_action")}</Link>}>{t("people.nobody_lead")}</Empty>)}
      </Card>
    </>
  );
}

export default function PeopleScreen() {
  const { t } = useTranslation();
  const format = useFormat();
  const [params, setParams] = useSearchParams();
  const stage = useStages().data?.stages.find((one) => String(one.id) === params.get("stage"));
  const [typed, setTyped] = useState(params.get("search") ?? "");
  const [search] = useDebouncedValue(typed.trim(), 200);
  useEffect(() => {
    setParams((old) => {
      const kept = new URLSearchParams(old);
      kept.delete("search");
      if (search) kept.set("search", search);
      return kept;
    }, { replace: true });
  }, [search, setParams]);
  const people = usePeople(search);
  const total = people.data?.pages[0]?.total;
  return (
    <Page title={t("app.place.people")} lead={typeof total === "number" ? t("people.total", { count: total, number: format.number(total) }) : t("people.lead")} actions={<><Link className="hd-textlink" to="/companies">{t("events.companies")}</Link><Link className="hd-textlink" to="/people/duplicates">{t("people.duplicate.link")}</Link><Link className="hd-textlink" to="/imports">{t("imports.title")}</Link></>}>
      <StageFilter chosen={stage} choose={(id) => { setTyped(""); setParams(id ? { stage: id } : {}, { replace: true }); }} />
      {stage ? <StagePeople stage={stage} /> : <Everybody typed={typed} type={setTyped} search={search} people={people} />}
    </Page>
  );
}
