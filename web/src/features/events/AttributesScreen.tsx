import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Card, Empty, Failure, IconSearch, IconUser, Loading, Text, TextInput } from "@/ui";
import { DataPage } from "./DataPage";
import { UsesList } from "./UsesList";
import { useAttributeNames, useAttributeUses, type AttributeName } from "./queries";

const KINDS: Record<string, string> = { string: "text", number: "number", boolean: "truth", array: "list", object: "object" };

function Row({ attribute }: { attribute: AttributeName }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const [open, setOpen] = useState(false);
  const uses = useAttributeUses(attribute.name, open);
  const kind = KINDS[attribute.kind] ?? attribute.kind;
  return (
    <div className="hd-row" style={{ flexWrap: "wrap" }}>
      <button type="button" className="hd-bare hd-grow" style={{ flex: "1 1 0", width: "auto" }} aria-expanded={open} onClick={() => { setOpen(!open); }}>
        <bdi style={{ fontWeight: 600 }}>{attribute.name}</bdi>
        <span className="hd-clip hd-dim hd-small">{attribute.is_personal ? t("events.hidden") : <bdi>{attribute.values.slice(0, 5).join(" · ")}</bdi>}</span>
      </button>
      <Text component="span" fz="sm">{t(`events.kind.${kind}`, { defaultValue: kind })}</Text>
      <Text component="span" c="dimmed" fz="sm" w={140} ta="end" visibleFrom="sm">{attribute.last_seen_at ? format.ago(attribute.last_seen_at, now) : ""}</Text>
      {open && (
        <div style={{ flexBasis: "100%" }}>
          <Text fz="sm" fw={600} mb={6}>{t("events.used_in")}</Text>
          {uses.isError && <Failure error={uses.error} />}
          {uses.isPending ? <Loading rows={1} /> : <UsesList uses={uses.data?.items ?? []} />}
        </div>
      )}
    </div>
  );
}

export default function AttributesScreen() {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const attributes = useAttributeNames();
  const wanted = search.trim().toLowerCase();
  const items = (attributes.data?.items ?? []).filter((one) => one.name.toLowerCase().includes(wanted));
  return (
    <DataPage tab="attributes">
      <TextInput
        type="search" size="md" aria-label={t("events.search_attribute")} placeholder={t("events.search_attribute")} leftSection={<IconSearch size={18} aria-hidden />}
        value={search} onChange={(event) => { setSearch(event.currentTarget.value); }}
      />
      {attributes.isError && <Failure error={attributes.error} retry={() => void attributes.refetch()} />}
      <Card flush={items.length > 0}>
        {attributes.isPending && <Loading />}
        {items.map((one) => <Row key={one.name} attribute={one} />)}
        {attributes.data && items.length === 0 && <Empty icon={<IconUser size={40} />} title={wanted ? t("events.none_found") : t("events.no_attributes")} />}
      </Card>
    </DataPage>
  );
}
