import { useTranslation } from "react-i18next";
import { usePools } from "@/features/coupons/queries";
import { propertyNames } from "@/features/segments/build";
import { useAttributes, useEventNames, useJourneyNames, useTemplates, useTopics } from "@/features/segments/queries";
import { useWords } from "@/features/segments/useWords";
import { Autocomplete, MultiSelect, Select, TagsInput } from "@/ui";
import type { FieldProps } from "./fieldProps";
import type { Known } from "./spec";
import { textOf, textsOf } from "./values";

interface Option {
  value: string;
  label: string;
}

/** What the workspace has of a sort, by key, as people call it. */
function useKnown(of: Known, event: string): Option[] {
  const words = useWords();
  const templates = useTemplates().data?.items ?? [];
  const topics = useTopics().data?.items ?? [];
  const journeys = useJourneyNames().data?.items ?? [];
  const events = useEventNames().data?.items ?? [];
  const attributes = useAttributes().data?.items ?? [];
  const pools = usePools(false).data?.items ?? [];
  const plain = (value: string) => ({ value, label: value });
  switch (of) {
    case "template":
      return templates.map(({ key }) => ({ value: key, label: words.template(key) }));
    case "topic":
      return topics.map(({ key }) => ({ value: key, label: words.topic(key) }));
    case "journey":
      return journeys.map(({ key }) => ({ value: key, label: words.journey(key) }));
    case "pool":
      return pools.map(({ key, name }) => ({ value: key, label: name || key }));
    case "event":
      return events.map(({ name }) => plain(name));
    case "attribute":
      return attributes.map(({ name }) => plain(name));
    case "property":
      return propertyNames(events.find((one) => one.name === event)?.properties ?? {}).map(plain);
  }
}

/** These may be named before there is one: an event that never came yet, an attribute that a step will set. */
const TYPED: Known[] = ["event", "attribute", "property"];

/** One or several of what the workspace has. */
export function KnownField({ label, description, error, value, values, change, of, many }: FieldProps & { of: Known; many: boolean }) {
  const { t } = useTranslation();
  const known = useKnown(of, textOf(values.name));
  const chosen = textsOf(value);
  const missing = chosen.filter((one) => !known.some((other) => other.value === one)).map((one) => ({ value: one, label: one }));
  const data = [...known, ...missing];
  const shown = { label, description, error };
  if (many && TYPED.includes(of)) return <TagsInput {...shown} value={chosen} data={known.map((one) => one.value)} onChange={(next) => { change(next.length === 1 ? next[0] : next); }} />;
  if (many) return <MultiSelect {...shown} searchable value={chosen} data={data} placeholder={chosen.length > 0 ? undefined : t("edit.choose")} nothingFoundMessage={t("edit.none_there")} onChange={change} />;
  if (TYPED.includes(of)) return <Autocomplete {...shown} dir="auto" limit={40} maxDropdownHeight={280} value={textOf(value)} data={known.map((one) => one.value)} onChange={change} />;
  return <Select {...shown} searchable value={textOf(value) || null} data={data} placeholder={t("edit.choose")} nothingFoundMessage={t("edit.none_there")} onChange={(next) => { change(next ?? ""); }} />;
}
