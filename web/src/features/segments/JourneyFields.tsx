import { useTranslation } from "react-i18next";
import { withStay } from "./build";
import { pathText, STAYS, type JourneyLeaf } from "./condition";
import { WindowFields, type LeafProps } from "./eventFields";
import { Choice, type FieldProps } from "./fields";
import { useJourneyNames } from "./queries";
import { useWords } from "./useWords";

/** One of the journeys there are; `none` says what it means that none is chosen. */
export function JourneyChoice({ none, value, ...field }: Omit<FieldProps, "label"> & { none: string; value: string; change: (key: string) => void }) {
  const { t } = useTranslation();
  const words = useWords();
  const known = useJourneyNames().data?.items.map((one) => one.key) ?? [];
  const keys = [...new Set([...known, ...(value ? [value] : [])])];
  const options = [{ value: "", label: none }, ...keys.map((key) => ({ value: key, label: words.journey(key) }))];
  return <Choice label={t("segments.build.journey")} value={value} options={options} {...field} />;
}

/** Who is in a journey, or entered it, reached its goal or left it. */
export function JourneyFields({ leaf, path, change, wrong }: LeafProps<JourneyLeaf>) {
  const { t } = useTranslation();
  const at = pathText(path);
  const did = leaf.did ?? "is_in";
  return (
    <div className="hd-build-fields">
      <Choice label={t("segments.build.stay")} at={`${at}.did`} wrong={wrong} value={did} options={STAYS.map((one) => ({ value: one, label: t(`segments.build.stays.${one}`) }))} change={(next) => { change(withStay(leaf, next)); }} />
      <JourneyChoice none={t("segments.build.choose_journey")} at={`${at}.journey`} wrong={wrong} value={leaf.journey} change={(journey) => { change({ ...leaf, journey }); }} />
      {did !== "is_in" && <WindowFields window={leaf.window} at={`${at}.window`} change={(window) => { change({ ...leaf, window }); }} wrong={wrong} />}
    </div>
  );
}
