import { useTranslation } from "react-i18next";
import { Uses } from "@/features/segments/UsedIn";
import { Text } from "@/ui";
import type { Use } from "./queries";

/** What asks for an event or an attribute. */
export function UsesList({ uses }: { uses: Use[] }) {
  const { t } = useTranslation();
  return uses.length === 0 ? <Text c="dimmed">{t("events.unused")}</Text> : <Uses uses={uses} />;
}
