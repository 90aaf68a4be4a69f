import { useTranslation } from "react-i18next";
import { TextInput } from "@/ui";
import { pathText, type ShareLeaf } from "./condition";
import type { LeafProps } from "./eventFields";
import { useWrong, WholeField } from "./fields";

/** So many percent of all people; the same name draws the same people. */
export function ShareFields({ leaf, path, change, wrong }: LeafProps<ShareLeaf>) {
  const { t } = useTranslation();
  const at = pathText(path);
  const error = useWrong(`${at}.salt`, wrong);
  return (
    <div className="hd-build-fields">
      <span className="hd-build-unit">
        <WholeField label={t("segments.build.percent")} at={`${at}.percent`} wrong={wrong} value={leaf.percent} change={(percent) => { change({ ...leaf, percent }); }} />
        <span className="hd-build-word">{t("segments.build.percent")}</span>
      </span>
      <TextInput className="hd-build-value" aria-label={t("segments.build.salt")} description={t("segments.build.salt_note")} value={leaf.salt} error={error} maxLength={200} dir="auto" onChange={(event) => { change({ ...leaf, salt: event.currentTarget.value }); }} />
    </div>
  );
}
