import type { ReactNode } from "react";
import { FindingText } from "./FindingText";
import type { Found } from "./places";

/** What was found in a field, as its input shows it: an error in red, and a warning, which hinders nobody, as advice under it. */
export function told(one: Found | undefined, description?: ReactNode) {
  if (!one) return { description };
  if (one.level === "error") return { description, error: <FindingText finding={one} /> };
  return { description: <>{description} <span className="hd-warned"><FindingText finding={one} /></span></>, inputWrapperOrder: ["label" as const, "input" as const, "description" as const] };
}
