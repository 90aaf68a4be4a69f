import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { pickName } from "@/i18n/names";
import { useLanguage } from "@/i18n/useFormat";
import { BackLink, Button, Card, Group, IconBolt, IconUsers, Loading, Page } from "@/ui";
import { useReadySegments } from "./queries";
import { SegmentForm } from "./SegmentForm";

/** The form filled in from a ready segment. */
function FromReady({ name }: { name: string }) {
  const language = useLanguage();
  const ready = useReadySegments();
  if (ready.isPending) return <Card><Loading /></Card>;
  const found = ready.data?.items.find((one) => one.key === name);
  return <SegmentForm {...(found ? { start: { name: pickName(found.names, language, found.key), tree: found.tree } } : {})} />;
}

/** A segment built from nothing, or from a ready one. */
export default function NewSegmentScreen() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const name = useSearchParams()[0].get("ready");
  const others = (
    <Group gap="xs">
      <Button variant="default" leftSection={<IconBolt size={17} aria-hidden />} onClick={() => void navigate("/segments/ready")}>{t("segments.ready.title")}</Button>
      <Button variant="default" leftSection={<IconUsers size={17} aria-hidden />} onClick={() => void navigate("/segments/new-list")}>{t("segments.list.new")}</Button>
    </Group>
  );
  return (
    <Page title={t("segments.new")} lead={t("segments.build.lead")} back={<BackLink to="/segments">{t("app.place.segments")}</BackLink>} actions={others}>
      {name ? <FromReady key={name} name={name} /> : <SegmentForm />}
    </Page>
  );
}
