import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, Failure } from "@/ui";
import { useAct } from "./queries";
import type { Campaign } from "./types";

const UNDO_S = 60;

/** Seconds until an instant, by the browser's clock; 0 once it is over. */
function useSecondsTo(instant: string): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => { setNow(Date.now()); }, 1000);
    return () => { clearInterval(timer); };
  }, []);
  return Math.max(0, Math.ceil((Date.parse(instant) - now) / 1000));
}

/** The minute in which it can still be taken back: nothing has left before it is over. */
export function UndoBar({ campaign, until }: { campaign: Campaign; until: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const undo = useAct(campaign.id, "undo");
  const left = Math.min(UNDO_S, useSecondsTo(until));
  return (
    <div className="hd-undo">
      <span className="hd-grow" role="timer">{left > 0 ? t("campaigns.leaves_in", { count: left, number: format.number(left) }) : t("campaigns.leaves_now")}</span>
      {undo.isError && <Failure error={undo.error} />}
      <Button color="gray" variant="white" disabled={left === 0} loading={undo.isPending} onClick={() => { undo.mutate(undefined); }}>{t("campaigns.undo")}</Button>
      <i aria-hidden style={{ width: `${String((100 * left) / UNDO_S)}%` }} />
    </div>
  );
}
