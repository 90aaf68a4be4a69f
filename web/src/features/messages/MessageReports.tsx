import { useTranslation } from "react-i18next";
import { useReports } from "@/features/outcomes/queries";
import { NAMES } from "@/features/outcomes/types";
import { useFormat } from "@/i18n/useFormat";
import { Ltr, Stack, Text, Title } from "@/ui";

/** What servers, providers and postmasters said about a message, what it was taken for, and what followed. */
export default function MessageReports({ id }: { id: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const reports = useReports(id).data?.items ?? [];
  if (reports.length === 0) return null;
  return (
    <section>
      <Title order={3} fz="md" mb="xs">{t("outcomes.reports")}</Title>
      <Stack gap="sm">
        {reports.map((one) => (
          <div key={one.id}>
            <Text component="span" fw={600} fz="sm">{t(`outcomes.kind.${one.kind}`)}</Text>
            <Text component="span" c="dimmed" fz="sm" ms={10}>{one.source === "mail" ? t("outcomes.by_mail") : <bdi>{NAMES[one.source] ?? one.source}</bdi>} · {format.dateTime(one.at)}</Text>
            {one.said && <Text fz="sm" c="dimmed" mt={4}><Ltr>{one.said}</Ltr></Text>}
            <Text fz="sm" mt={4}>{one.effect !== "" && t(`outcomes.effect.${one.effect}`)} <Text component="span" c="dimmed" fz="sm">{t("outcomes.rule")}: <Ltr>{one.rule}</Ltr></Text></Text>
          </div>
        ))}
      </Stack>
    </section>
  );
}
