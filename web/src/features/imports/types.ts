import type { ColumnSeen, ImportOut, PlanIn, ReadingIn, Understood } from "@/api/generated";

export type Import = ImportOut;
export type Kind = Import["kind"];
export type Reading = Required<ReadingIn>;
export type Column = { name: string; field: string; type: ColumnSeen["type"] };
export type Plan = Omit<Required<PlanIn>, "columns"> & { columns: Column[] };
export type { ColumnSeen, Understood };
