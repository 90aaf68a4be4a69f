import type { Checked, Column as SomeColumn, Import as Answer, Plan as SomePlan, Reading as SomeReading, Seen as ColumnSeen, Understanding as Understood, Undone } from "@/api/generated";

export type Import = Omit<Answer, "numbers" | "undo"> & { numbers: Required<Checked> | null; undo: Required<Undone> | null };
export type Kind = Import["kind"];
export const KINDS: Kind[] = ["people", "events", "consent", "suppressions"];
export type Reading = Required<SomeReading>;
export type Column = Required<SomeColumn>;
export type Plan = Omit<Required<SomePlan>, "columns"> & { columns: Column[] };
export type { ColumnSeen, Understood };
