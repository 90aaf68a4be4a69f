import type { Person } from "@/features/people/types";
import type { Condition } from "./condition";

export interface Segment {
  id: number;
  name: string;
  tree: Condition;
  count: number;
  created_at: string;
  updated_at: string;
}

export interface Count {
  count: number;
  conditions: { path: string; count: number }[];
  reachable: { email: number };
  as_of: string;
}

export interface Verdict {
  path: string;
  node: Condition;
  holds: boolean;
  value: unknown;
  of: Verdict[];
}

export interface Topic {
  id: number;
  key: string;
  names: Record<string, string>;
  stream: string;
}

export type Member = Person;
