import type { Connection as SomeConnection, Run, Schedule as SomeSchedule, Selection as SomeSelection, Warehouse as Answer } from "@/api/generated";
import type { Plan } from "@/features/imports/types";

export type Connection = Required<SomeConnection>;
export type Selection = Required<SomeSelection>;
export type Schedule = Required<SomeSchedule>;
export type { Run };
export type Warehouse = Omit<Answer, "connection" | "selection" | "schedule" | "plan"> & {
  connection: Connection;
  selection: Selection | null;
  schedule: Schedule | null;
  plan: Plan | null;
};
export type Access = { connection: Connection; password: string };
