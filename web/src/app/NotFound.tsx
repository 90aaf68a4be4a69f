import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Card, Empty, Page } from "@/ui";

export default function NotFound() {
  const { t } = useTranslation();
  return (
    <Page title={t("app.not_found")}>
      <Card>
        <Empty title={t("app.not_found_lead")} action={<Link to="/" className="hd-textlink">{t("app.to_home")}</Link>} />
      </Card>
    </Page>
  );
}
