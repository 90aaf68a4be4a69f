import type { Checked, Import as Answer, Plan as SomePlan, Reading as SomeReading, Seen as ColumnSeen, Understanding as Understood } from "@/api/generated";

export type Import = Omit<Answer, "numbers"> & { numbers: Required<Checked> | null };
export type Kind = Import["kind"];
export type Reading = Required<SomeReading>;
export type Column = { name: string; field: string; type: ColumnSeen["type"] };
export type Plan = Omit<Required<SomePlan>, "columns"> & { columns: Column[] };
export type { ColumnSeen, Understood };
