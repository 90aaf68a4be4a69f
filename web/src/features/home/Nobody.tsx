import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFillSample } from "@/features/session/queries";
import { Button, Card, Empty, Failure, IconUsers, Stack, Text } from "@/ui";

/** The empty Home offers both ways on: the sample shop, or a key for her own. */
export function Nobody({ mayFill }: { mayFill: boolean }) {
  const { t } = useTranslation();
  const fill = useFillSample();
  const ways = (
    <Stack gap="xs" align="center">
      {mayFill && <Button loading={fill.isPending} onClick={() => { fill.mutate(); }}>{t("setup.explore")}</Button>}
      {mayFill && <Text c="dimmed" fz="sm">{t("setup.explore_hint")}</Text>}
      {fill.isError && <Failure error={fill.error} />}
      <Link className="hd-textlink" to="/settings/keys">{t("home.empty_action")}</Link>
    </Stack>
  );
  return <Card><Empty icon={<IconUsers size={40} />} title={t("home.empty")} action={ways}>{t("home.empty_lead")}</Empty></Card>;
}
