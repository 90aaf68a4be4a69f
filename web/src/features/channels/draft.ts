import type { Sender, SenderKind, SenderWanted, SettingShape } from "./types";

/** A sender while it is being written: numbers are texts, until they are sent. */
export interface SenderDraft extends Omit<SenderWanted, "per_second" | "per_day" | "warmup"> {
  per_second: string;
  per_day: string;
  warmup: string;
}

export function toDraft(sender: Sender | undefined, kinds: SenderKind[]): SenderDraft {
  const kind = sender?.kind ?? kinds[0]?.kind ?? "smtp";
  return {
    name: sender?.name ?? "", kind, settings: sender?.settings ?? defaultsOf(kind, kinds), stream: sender?.stream ?? "both",
    from_name: sender?.from_name ?? "", from_email: sender?.from_email ?? "", reply_to: sender?.reply_to ?? "", bounce_domain: sender?.bounce_domain ?? "",
    per_second: sender?.per_second?.toString() ?? "", per_day: sender?.per_day?.toString() ?? "", warmup: sender?.warmup.join(", ") ?? "", warmup_from: sender?.warmup_from ?? null,
  };
}

export function defaultsOf(kind: string, kinds: SenderKind[]): Record<string, string | number> {
  const shapes = kinds.find((one) => one.kind === kind)?.schema.properties ?? {};
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, shape.default ?? ""]));
}

/** The settings of a kind, what all kinds have last. */
export function shapesOf(kind: SenderKind | undefined): [string, SettingShape][] {
  const shapes = Object.entries(kind?.schema.properties ?? {});
  return [...shapes.filter(([name]) => name !== "lines"), ...shapes.filter(([name]) => name === "lines")];
}

/** What is left empty is left out: the server knows what stands there then. */
export function toWanted(draft: SenderDraft): SenderWanted {
  const settings = Object.fromEntries(Object.entries(draft.settings).filter(([, value]) => value !== ""));
  const warmup = draft.warmup.split(/[\s,،;]+/u).filter(Boolean).map(Number);
  return {
    ...draft, settings, warmup,
    per_second: draft.per_second === "" ? null : Number(draft.per_second),
    per_day: draft.per_day === "" ? null : Number(draft.per_day),
    warmup_from: warmup.length > 0 ? draft.warmup_from : null,
  };
}
