import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import type { Effect } from "./types";

/** Says so where a figure was not counted, but estimated from some of the people. */
export function Estimated({ effect }: { effect: Effect }) {
  const { t } = useTranslation();
  const format = useFormat();
  return effect.one_in > 1 && <>{t("sending.estimated", { one_in: format.number(effect.one_in) })}</>;
}
