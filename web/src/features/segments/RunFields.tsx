import { useTranslation } from "react-i18next";
import { OPS, withOp } from "./build";
import { pathText, type RunLeaf } from "./condition";
import { useOps, type LeafProps } from "./eventFields";
import { Choice, NameField } from "./fields";
import { ValueField } from "./ValueField";

/** What another system answered to a step of the run. */
export function RunFields({ leaf, path, change, wrong }: LeafProps<RunLeaf>) {
  const { t } = useTranslation();
  const at = pathText(path);
  const ops = useOps(OPS);
  return (
    <div className="hd-build-fields">
      <NameField label={t("edit.run_name")} at={`${at}.name`} wrong={wrong} value={leaf.name} known={[]} change={(name) => { change({ ...leaf, name }); }} />
      <Choice label={t("segments.build.compare")} at={`${at}.op`} wrong={wrong} value={leaf.op} options={ops} change={(op) => { change(withOp(leaf, op)); }} />
      <ValueField at={`${at}.value`} wrong={wrong} op={leaf.op} value={leaf.value} kind={undefined} about={null} change={(value) => { change({ ...leaf, value }); }} />
    </div>
  );
}
