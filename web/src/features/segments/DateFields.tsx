import { useTranslation } from "react-i18next";
import { howFar, withHowFar, withYearly } from "./build";
import { DAY_OPS, pathText, type DateLeaf } from "./condition";
import type { LeafProps } from "./eventFields";
import { Choice, NameField, WholeField } from "./fields";
import { useAttributes } from "./queries";

/** How far from today a date of theirs is, or the day on which it comes again. */
export function DateFields({ leaf, path, change, wrong }: LeafProps<DateLeaf>) {
  const { t } = useTranslation();
  const known = useAttributes().data?.items ?? [];
  const at = pathText(path);
  const how = howFar(leaf);
  const hows = ["today" as const, ...DAY_OPS.filter((op) => !leaf.yearly || !op.startsWith("more_than"))];
  const kinds = ["every", "this"] as const;
  return (
    <div className="hd-build-fields">
      {leaf.name.startsWith("@")
        ? <span className="hd-build-word">{t(`segments.build.kind.${leaf.name.slice(1)}.name`)}</span>
        : <NameField label={t("segments.build.date_attribute")} at={`${at}.name`} wrong={wrong} value={leaf.name} known={known.map((one) => one.name)} change={(name) => { change({ ...leaf, name }); }} />}
      <Choice label={t("segments.build.yearly")} at={`${at}.yearly`} wrong={wrong} value={leaf.yearly ? "every" : "this"} options={kinds.map((one) => ({ value: one, label: t(`segments.build.year.${one}`) }))} change={(one) => { change(withYearly(leaf, one === "every")); }} />
      <Choice label={t("segments.build.how_far")} at={`${at}.op`} wrong={wrong} value={how} options={hows.map((one) => ({ value: one, label: t(`segments.build.far.${one}`) }))} change={(next) => { change(withHowFar(leaf, next)); }} />
      {how !== "today" && (
        <span className="hd-build-unit">
          <WholeField label={t("segments.build.amount.days")} at={`${at}.days`} wrong={wrong} value={leaf.days ?? 0} change={(days) => { change({ ...leaf, days }); }} />
          <span className="hd-build-word">{t("segments.build.amount.days")}</span>
        </span>
      )}
    </div>
  );
}
