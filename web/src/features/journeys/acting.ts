import { isolated, type Words } from "@/features/segments/sentence";
import type { Change } from "./graph";

/** A share of a split: how many, and what it is called. */
export function tellShare(words: Words, name: string, percent: number): string {
  return words.t("journeys.share", { name: isolated(name), percent: words.format.percent(percent / 100) });
}

function tellValue({ t, format }: Words, value: string | number | boolean): string {
  if (typeof value === "boolean") return t(value ? "segments.true" : "segments.false");
  return typeof value === "number" ? format.number(value) : t("segments.quoted", { text: isolated(value) });
}

/** One change that an update makes. */
export function tellChange(words: Words, change: Change): string {
  const { t, format } = words;
  const name = t("segments.quoted", { text: isolated(change.attribute) });
  switch (change.do) {
    case "set":
      return t("journeys.change.set", { name, value: tellValue(words, change.value) });
    case "copy":
      return t("journeys.change.copy", { name, place: isolated(change.from) });
    case "increment":
      return t("journeys.change.increment", { name, by: format.number(change.by) });
    case "remove":
      return t("journeys.change.remove", { name });
  }
}
