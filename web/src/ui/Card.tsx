import { Group, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";

interface CardProps {
  title?: ReactNode;
  side?: ReactNode;
  flush?: boolean;
  children: ReactNode;
}

/** A surface with an optional heading; `flush` lets rows run from edge to edge. */
export function Card({ title, side, flush, children }: CardProps) {
  return (
    <section className={flush ? "hd-card flush" : "hd-card"}>
      {title && (
        <Group justify="space-between" mb={flush ? 6 : 14} px={flush ? 22 : 0} pt={flush ? 18 : 0} gap="sm">
          <Title order={2}>{title}</Title>
          {side}
        </Group>
      )}
      {children}
    </section>
  );
}

export function Columns({ children }: { children: ReactNode }) {
  return <div className="hd-columns">{children}</div>;
}

export function Figures({ children }: { children: ReactNode }) {
  return <div className="hd-grid">{children}</div>;
}

/** One number that leads to what it counts. */
export function Figure({ label, value, note, to }: { label: string; value: string; note?: ReactNode; to?: string }) {
  const inside = (
    <>
      <Text component="span" c="dimmed" fz="sm">{label}</Text>
      <b className="hd-num">{value}</b>
      {note && <Text component="span" c="dimmed" fz="sm">{note}</Text>}
    </>
  );
  return to ? <Link to={to} className="hd-card hd-figure">{inside}</Link> : <div className="hd-card hd-figure">{inside}</div>;
}

/** Name and value pairs. */
export function Facts({ items }: { items: [string, ReactNode][] }) {
  return (
    <dl className="hd-facts">
      {items.map(([name, value]) => (
        <div key={name} style={{ display: "contents" }}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
