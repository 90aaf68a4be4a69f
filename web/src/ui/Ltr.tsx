import type { ReactNode } from "react";

/** An address, a key, a path: keeps its own direction inside any text. */
export function Ltr({ children }: { children: ReactNode }) {
  return <bdi dir="ltr">{children}</bdi>;
}

/** A name that somebody gave: its own direction, the page's alignment, cut when it is too long. */
export function Name({ children, strong }: { children: ReactNode; strong?: boolean }) {
  return <span className="hd-clip" style={strong ? { fontWeight: 600 } : undefined}><bdi>{children}</bdi></span>;
}

export function Num({ children }: { children: ReactNode }) {
  return <span className="hd-num">{children}</span>;
}
