import { useTranslation } from "react-i18next";
import { useRouteError } from "react-router";
import { Failure, Page } from "@/ui";

/** A screen that broke: say so, offer to load it again. */
export function RouteFailure() {
  const { t } = useTranslation();
  const error = useRouteError();
  return (
    <main style={{ padding: 32 }}>
      <Page title={t("app.broken")}>
        <Failure error={error} retry={() => { window.location.reload(); }} />
      </Page>
    </main>
  );
}
