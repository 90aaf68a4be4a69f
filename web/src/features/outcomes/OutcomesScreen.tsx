import { useTranslation } from "react-i18next";
import { useMe } from "@/features/session/queries";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { BrakesCard } from "./BrakesCard";
import { DoorsCard } from "./DoorsCard";
import { NumbersCard } from "./NumbersCard";

/** What becomes of mails: what stands still because of it, what follows from reports, and where providers report to. */
export default function OutcomesScreen() {
  const { t } = useTranslation();
  const me = useMe();
  const isAdmin = me.data?.state === "in" && ["admin", "owner"].includes(me.data.role);
  return (
    <SettingsPage tab="reports" lead={t("outcomes.lead")}>
      <BrakesCard isAdmin={isAdmin} />
      <NumbersCard isAdmin={isAdmin} />
      {isAdmin && <DoorsCard />}
    </SettingsPage>
  );
}
