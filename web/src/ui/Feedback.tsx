import { Button, Skeleton, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { problemOf } from "@/api/problem";
import type { Tone } from "./State";

/** Grey lines in the shape of the list to come. */
export function Loading({ rows = 5 }: { rows?: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap={14} role="status" aria-label={t("app.loading")}>
      {Array.from({ length: rows }, (_, row) => <Skeleton key={row} height={20} width={`${92 - ((row * 17) % 40)}%`} />)}
    </Stack>
  );
}

/** An empty place that says what will be here and offers the next step. */
export function Empty({ icon, title, children, action }: { icon?: ReactNode; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="hd-empty">
      {icon}
      <Text fw={600} fz="lg" mt={icon ? 12 : 0}>{title}</Text>
      {children && <Text c="dimmed" mt={6} maw={440} mx="auto">{children}</Text>}
      {action && <div style={{ marginBlockStart: 18 }}>{action}</div>}
    </div>
  );
}

export function Note({ tone = "calm", children }: { tone?: Tone; children: ReactNode }) {
  return <div className="hd-note" data-tone={tone}>{children}</div>;
}

/** What went wrong, in the reader's language where the code is known, and a way to try again. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t, i18n } = useTranslation();
  const problem = problemOf(error);
  // Words for what only screens that come later can meet come with them.
  const known = [`app.problem.${problem.code}`, `edit.failure.${problem.code}`].find((one) => i18n.exists(one));
  return (
    <div className="hd-note" data-tone="no" role="alert">
      {known ? t(known) : problem.message}
      {known && problem.detail && <Text component="span" display="block" fz="sm" mt={4} dir="auto">{problem.detail}</Text>}
      {retry && <Button size="xs" variant="default" mt={10} display="block" onClick={retry}>{t("app.retry")}</Button>}
    </div>
  );
}
