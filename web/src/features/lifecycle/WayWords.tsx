import { IconArrowRight, VisuallyHidden } from "@/ui";
import { useTranslation } from "react-i18next";
import type { StageName } from "./types";
import { useStageName } from "./useStageName";

/** From one stage to another, the arrow in the direction of the text. */
export function WayWords({ from, to, names }: { from: number | null; to: number | null; names: Record<string, StageName> }) {
  const { t } = useTranslation();
  const nameOf = useStageName();
  const [origin, target] = [from, to].map((id) => nameOf(id === null ? null : names[String(id)]));
  return (
    <>
      <VisuallyHidden>{t("lifecycle.to", { from: origin, to: target })}</VisuallyHidden>
      <span aria-hidden><bdi>{origin}</bdi> <IconArrowRight size={14} className="hd-flip" style={{ verticalAlign: "-2px" }} /> <bdi>{target}</bdi></span>
    </>
  );
}
