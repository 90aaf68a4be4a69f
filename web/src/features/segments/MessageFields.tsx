import { useTranslation } from "react-i18next";
import { MESSAGE_DIDS, pathText, type MessageLeaf } from "./condition";
import { TimesFields, WindowFields, type LeafProps } from "./eventFields";
import { Choice } from "./fields";
import { JourneyChoice } from "./JourneyFields";
import { useTemplates } from "./queries";
import { useWords } from "./useWords";

/** Mails that they were sent, opened or clicked in; machines do not count. */
export function MessageFields({ leaf, path, change, wrong }: LeafProps<MessageLeaf>) {
  const { t } = useTranslation();
  const words = useWords();
  const known = useTemplates().data?.items.map((one) => one.key) ?? [];
  const at = pathText(path);
  const keys = [...new Set([...known, ...(leaf.template ? [leaf.template] : [])])];
  const options = [{ value: "", label: t("segments.build.any_mail") }, ...keys.map((key) => ({ value: key, label: words.template(key) }))];
  return (
    <div className="hd-build-fields">
      <Choice label={t("segments.build.did")} at={`${at}.did`} wrong={wrong} value={leaf.did} options={MESSAGE_DIDS.map((one) => ({ value: one, label: t(`segments.build.dids.${one}`) }))} change={(did) => { change({ ...leaf, did }); }} />
      <Choice label={t("segments.build.mail")} at={`${at}.template`} wrong={wrong} value={leaf.template ?? ""} options={options} change={(key) => { change({ ...leaf, template: key === "" ? null : key }); }} />
      <JourneyChoice none={t("segments.build.any_journey")} at={`${at}.journey`} wrong={wrong} value={leaf.journey ?? ""} change={(key) => { change({ ...leaf, journey: key === "" ? null : key }); }} />
      <TimesFields leaf={leaf} at={at} wrong={wrong} change={change} />
      <WindowFields window={leaf.window} at={`${at}.window`} change={(window) => { change({ ...leaf, window }); }} wrong={wrong} />
    </div>
  );
}
