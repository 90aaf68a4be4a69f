import type { ReactNode } from "react";

/** An address, a key, a path: keeps its own direction inside any text. */
export function Ltr({ children, clip }: { children: ReactNode; clip?: boolean }) {
  return <bdi dir="ltr" className={clip ? "hd-clip" : undefined}>{children}</bdi>;
}

export function Num({ children }: { children: ReactNode }) {
  return <span className="hd-num">{children}</span>;
}
