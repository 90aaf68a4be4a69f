import type { ReactNode } from "react";
import type { Placed } from "./problems";
import type { Spec } from "./spec";
import type { Values } from "./values";

/** What every field is given: its words, its value, and what the server found wrong with it. */
export interface FieldProps {
  label: string;
  description: ReactNode;
  error: ReactNode;
  /** Its place as the server names it. */
  at: string;
  value: unknown;
  values: Values;
  change: (value: unknown) => void;
  optional: boolean;
  problems: Placed[];
}

/** Fields of one form. */
export interface FieldsProps {
  specs: Spec[];
  values: Values;
  /** The place of `values` in the whole. */
  base?: string;
  change: (values: Values) => void;
  problems: Placed[];
}

/** A field that has fields inside of it is told what draws them. */
export interface OuterProps extends FieldProps {
  inner: (props: FieldsProps) => ReactNode;
}
