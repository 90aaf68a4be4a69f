import type { ReactNode } from "react";
import { useFormat } from "@/i18n/useFormat";
import { Card } from "@/ui";

/** One of the four cards of the composer. */
export function StepCard({ number, title, side, children }: { number: number; title: string; side?: ReactNode; children: ReactNode }) {
  const format = useFormat();
  return <Card title={<><span className="hd-step-no" aria-hidden>{format.number(number)}</span>{title}</>} side={side}>{children}</Card>;
}
