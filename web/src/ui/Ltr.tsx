import type { ReactNode } from "react";

/** An address, a key, a path: keeps its own direction inside any text. */
export function Ltr({ children }: { children: ReactNode }) {
  return <bdi dir="ltr">{children}</bdi>;
}

/** A name that somebody gave: its own direction (so that its end is what is cut when it is too long), the page's alignment. */
export function Name({ children, strong }: { children: ReactNode; strong?: boolean }) {
  return <span className="hd-clip" dir="auto" style={strong ? { fontWeight: 600 } : undefined}>{children}</span>;
}

export function Num({ children }: { children: ReactNode }) {
  return <span className="hd-num">{children}</span>;
}
