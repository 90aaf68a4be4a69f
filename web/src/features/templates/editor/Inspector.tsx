import { useTranslation } from "react-i18next";
import { pickName } from "@/i18n/names";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { usePools } from "@/features/coupons/queries";
import { Button, Checkbox, Divider, Group, NativeSelect, Select, Stack, Text } from "@/ui";
import { useSnippets } from "../queries";
import type { Block, BlockOf, Document } from "../types";
import { BlockField } from "./BlockFields";
import { FIELDS, type Spec } from "./fieldsOf";
import { FindingText } from "./FindingText";
import { HeroButtonFields, SocialFields } from "./MoreFields";
import { MOST_COLUMNS, toId } from "./mapping";
import type { Found } from "./places";
import { useBlocks, useChosen } from "./shell";
import { StyleFields } from "./StyleFields";
import { WhoFields } from "./WhoFields";

type Put = (block: Block, field: string) => void;

function ColumnCount({ block, put }: { block: BlockOf<"columns">; put: Put }) {
  const { t } = useTranslation();
  const format = useFormat();
  const count = block.columns.length;
  const set = (next: number) => { put({ ...block, columns: Array.from({ length: next }, (_, index) => block.columns[index] ?? { blocks: [] }) }, "columns"); };
  return <NativeSelect label={t("templates.field.columns")} value={String(count)} data={Array.from({ length: MOST_COLUMNS }, (_, index) => ({ value: String(index + 1), label: format.number(index + 1) }))} onChange={(event) => { set(Number(event.currentTarget.value)); }} />;
}

function ShowFields({ block, put }: { block: BlockOf<"products">; put: Put }) {
  const { t } = useTranslation();
  return (
    <Checkbox.Group label={t("templates.field.show")} value={block.show ?? ["image", "price"]} onChange={(show) => { put({ ...block, show: show }, "show"); }}>
      <Group gap="md" mt={4}>{(["image", "price", "quantity"] as const).map((value) => <Checkbox key={value} value={value} label={t(`templates.choice.show.${value}`)} />)}</Group>
    </Checkbox.Group>
  );
}

function PoolField({ block, put }: { block: BlockOf<"coupon">; put: Put }) {
  const { t } = useTranslation();
  const pools = usePools(false).data?.items ?? [];
  return <Select label={t("templates.field.pool")} description={t("templates.field_hint.pool")} clearable value={block.pool || null} data={pools.map((one) => ({ value: one.key, label: one.name || one.key }))} onChange={(pool) => { put({ ...block, pool: pool ?? "" }, "pool"); }} />;
}

function SnippetField({ block, put, error }: { block: BlockOf<"snippet">; put: Put; error: React.ReactNode }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const snippets = useSnippets().data?.items ?? [];
  return <Select label={t("templates.field.snippet")} error={error} placeholder={t("edit.choose")} value={block.key || null} data={snippets.map((one) => ({ value: one.key, label: pickName(one.names, language, one.key) }))} onChange={(key) => { put({ ...block, key: key ?? "" }, "key"); }} />;
}

/** Fields that only make sense together with another. */
function specsOf(block: Block): Spec[] {
  const specs = FIELDS[block.type] ?? [];
  if (block.type !== "products" || block.layout !== "grid") return specs;
  return [...specs.slice(0, 3), { name: "per_row", kind: "choice", values: [2, 3], usual: 2 }, ...specs.slice(3)];
}

function Form({ block, put, found }: { block: Block; put: Put; found: Found[] }) {
  const { t } = useTranslation();
  const of = (name: string) => found.find(({ at: { field } }) => field === name);
  const at = (name: string) => {
    const one = of(name);
    return one && <FindingText finding={one} />;
  };
  const specs = specsOf(block);
  const named = new Set([...specs.map((one) => one.name), "show_if", "key"]);
  return (
    <Stack gap="sm">
      <Text fw={640}>{t(`templates.block.${block.type}`)}</Text>
      {found.filter((one) => !named.has(one.at.field)).map((one) => <div key={one.code + one.place} className="hd-note hd-small" data-tone={one.level === "error" ? "no" : "wait"}><FindingText finding={one} /></div>)}
      {block.type === "columns" && <ColumnCount block={block} put={put} />}
      {block.type === "snippet" && <SnippetField block={block} put={put} error={at("key")} />}
      {specs.map((spec) => <BlockField key={spec.name} block={block} spec={spec} put={put} found={of(spec.name)} />)}
      {block.type === "products" && <ShowFields block={block} put={put} />}
      {block.type === "coupon" && <PoolField block={block} put={put} />}
      {block.type === "hero" && <HeroButtonFields block={block} put={put} />}
      {block.type === "social" && <SocialFields links={block.links ?? []} put={(links) => { put({ ...block, links }, "links"); }} hint={t("templates.field_hint.links")} />}
      <StyleFields block={block} put={put} />
      <Divider />
      <WhoFields block={block} put={put} error={at("show_if")} />
    </Stack>
  );
}

// What most mails begin with.
const USUAL = ["heading", "text", "button"] as const;

/** The form of the chosen block. */
export function Inspector({ found, document }: { found: Found[]; document: Document }) {
  const { t } = useTranslation();
  const { put, insert } = useBlocks();
  const block = useChosen();
  if (block) return <Form key={block.id} block={block} put={put} found={found.filter(({ at }) => at.block === toId(block.id))} />;
  return (
    <Stack gap="sm">
      <Text fw={640}>{t("templates.none_chosen")}</Text>
      <Text c="dimmed" fz="sm">{t(document.blocks.length === 0 ? "templates.empty_canvas" : "templates.choose_block")}</Text>
      {document.blocks.length === 0 && <Button variant="light" fullWidth h="auto" py={8} styles={{ label: { whiteSpace: "normal" } }} onClick={() => { for (const kind of USUAL) insert(kind); }}>{t("templates.begin_usual")}</Button>}
    </Stack>
  );
}
