import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Failure, NativeSelect, say } from "@/ui";
import { useSetKeep } from "./queries";
import type { EventName } from "./types";

const TERMS = [30, 90, 180, 365, 730, 1825];

/** For how long the events of a name are kept. */
export function KeepField({ event }: { event: EventName }) {
  const { t } = useTranslation();
  const format = useFormat();
  const keep = useSetKeep(event.name);
  const terms = [...new Set([...TERMS, ...(event.keep_days ? [event.keep_days] : [])])].sort((one, other) => one - other);
  const days = (value: number) => ({ value: String(value), label: t("events.keep_days", { number: format.number(value) }) });
  return (
    <>
      <NativeSelect
        mt={16} label={t("events.keep")} description={t("events.keep_lead")} value={String(event.keep_days ?? "")} disabled={keep.isPending}
        data={[{ value: "", label: t("events.keep_for_ever") }, ...terms.map(days)]}
        onChange={(change) => { keep.mutate(change.currentTarget.value ? Number(change.currentTarget.value) : null, { onSuccess: () => { say(t("events.keep_saved")); } }); }}
      />
      {keep.isError && <Failure error={keep.error} />}
    </>
  );
}
