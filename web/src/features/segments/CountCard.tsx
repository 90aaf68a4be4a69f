import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Card, Facts, Num, Skeleton, Text } from "@/ui";
import type { Count } from "./types";

interface CountCardProps {
  count: Count | undefined;
  /** The number belongs to the sentence before the last key stroke. */
  stale: boolean;
  saved: number;
  changed: boolean;
}

/** The live number: how many, how many of them can be reached, as of when. */
export function CountCard({ count, stale, saved, changed }: CountCardProps) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!count) return <Card title={t("segments.count")}><Skeleton height={96} /></Card>;
  const share = count.count > 0 ? Math.min(count.reachable.email / count.count, 1) : 0;
  const reachable = format.about({ count: count.reachable.email, error: count.reachable_error.email });
  const before: [string, React.ReactNode][] = changed ? [[t("segments.before"), <Num key="b">{format.number(saved)}</Num>]] : [];
  return (
    <Card title={t("segments.count")}>
      <p className="hd-big" data-stale={stale || undefined} aria-live="polite">{format.about(count)}{count.error > 0 && <small>±{format.number(count.error)}</small>}</p>
      <Facts
        items={[
          ...before,
          [t("segments.reachable"), <Num key="r">{reachable} ({format.percent(share)})</Num>],
          [t("segments.as_of"), <Num key="a">{format.clock(count.as_of)}</Num>],
        ]}
      />
      <Text c="dimmed" fz="sm" mt="md">{t(count.exact ? "segments.count_note" : "segments.estimate_note")}</Text>
    </Card>
  );
}
