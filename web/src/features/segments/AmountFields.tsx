import { useTranslation } from "react-i18next";
import { AMOUNT_OPS, OPS, withOp, withTake } from "./build";
import { TAKES, pathText, type AmountLeaf } from "./condition";
import { useOps, WhereList, WindowFields, type LeafProps } from "./eventFields";
import { Choice, NameField } from "./fields";
import { useEventNames } from "./queries";
import { ValueField } from "./ValueField";

/** What a detail of their events comes to: the sum of the totals of all orders. */
export function AmountFields({ leaf, path, change, wrong }: LeafProps<AmountLeaf>) {
  const { t } = useTranslation();
  const names = useEventNames().data?.items ?? [];
  const at = pathText(path);
  const properties = names.find((one) => one.name === leaf.name)?.properties ?? {};
  const ofNumbers = leaf.take !== "first" && leaf.take !== "last";
  const ops = useOps(ofNumbers ? AMOUNT_OPS : OPS);
  return (
    <>
      <div className="hd-build-fields">
        <Choice label={t("segments.build.take")} at={`${at}.take`} wrong={wrong} value={leaf.take} options={TAKES.map((one) => ({ value: one, label: t(`segments.build.takes.${one}`) }))} change={(take) => { change(withTake(leaf, take)); }} />
        <NameField label={t("segments.build.property")} at={`${at}.property`} wrong={wrong} value={leaf.property} known={Object.keys(properties)} change={(property) => { change({ ...leaf, property }); }} />
        <span className="hd-build-word">{t("segments.build.of")}</span>
        <NameField label={t("segments.build.event")} at={`${at}.name`} wrong={wrong} value={leaf.name} known={names.map((one) => one.name)} change={(name) => { change({ ...leaf, name }); }} />
        <WindowFields window={leaf.window} at={`${at}.window`} change={(window) => { change({ ...leaf, window }); }} wrong={wrong} />
        <Choice label={t("segments.build.compare")} at={`${at}.op`} wrong={wrong} value={leaf.op} options={ops} change={(op) => { change(withOp(leaf, op)); }} />
        <ValueField at={`${at}.value`} wrong={wrong} op={leaf.op} value={leaf.value} kind={ofNumbers ? "number" : properties[leaf.property]} about={ofNumbers ? null : { kind: "event", name: leaf.name, property: leaf.property }} change={(value) => { change({ ...leaf, value }); }} />
      </div>
      <WhereList where={leaf.where ?? []} at={at} event={leaf.name} wrong={wrong} change={(where) => { change({ ...leaf, where }); }} />
    </>
  );
}
