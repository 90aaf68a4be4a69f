import { useTranslation } from "react-i18next";
import { Button, IconPlus, NativeSelect } from "@/ui";
import { pathText, type SequenceLeaf, type Step, type Unit } from "./condition";
import { WhereList, WindowFields, type LeafProps } from "./eventFields";
import { NameField, RemoveButton, WholeField } from "./fields";
import { useEventNames } from "./queries";
import type { Wrong } from "./wrong";

interface StepProps {
  word: string;
  step: Step;
  at: string;
  change: (step: Step) => void;
  wrong: Wrong | null;
  remove?: () => void;
}

function StepFields({ word, step, at, change, wrong, remove }: StepProps) {
  const { t } = useTranslation();
  const names = useEventNames().data?.items ?? [];
  return (
    <div className="hd-build-step">
      <div className="hd-build-fields">
        <span className="hd-build-word">{word}</span>
        <NameField label={t("segments.build.event")} at={`${at}.name`} wrong={wrong} value={step.name} known={names.map((one) => one.name)} change={(name) => { change({ ...step, name }); }} />
        {remove && <RemoveButton label={t("segments.build.remove_without")} remove={remove} />}
      </div>
      <WhereList where={step.where ?? []} at={at} event={step.name} wrong={wrong} change={(where) => { change({ ...step, where }); }} />
    </div>
  );
}

const WHEN = ["days", "hours", "minutes", "any"] as const;

/** One thing and then another, within a time, without a third in between. */
export function SequenceFields({ leaf, path, change, wrong }: LeafProps<SequenceLeaf>) {
  const { t } = useTranslation();
  const at = pathText(path);
  const { within, without } = leaf;
  const take = (when: Unit | "any") => { change({ ...leaf, within: when === "any" ? null : { amount: within?.amount ?? 7, unit: when } }); };
  return (
    <>
      <StepFields word={t("segments.build.step.first")} step={leaf.first} at={`${at}.first`} wrong={wrong} change={(first) => { change({ ...leaf, first }); }} />
      <StepFields word={t("segments.build.step.then")} step={leaf.then} at={`${at}.then`} wrong={wrong} change={(then) => { change({ ...leaf, then }); }} />
      <div className="hd-build-fields hd-build-step">
        <NativeSelect aria-label={t("segments.build.within")} value={within ? (within.unit ?? "days") : "any"} data={WHEN.map((one) => ({ value: one, label: t(`segments.build.withins.${one}`) }))} onChange={(event) => { take(event.currentTarget.value as Unit | "any"); }} />
        {within && (
          <span className="hd-build-unit">
            <WholeField label={t(`segments.build.amount.${within.unit ?? "days"}`)} at={`${at}.within.amount`} wrong={wrong} value={within.amount} change={(amount) => { change({ ...leaf, within: { ...within, amount } }); }} />
            <span className="hd-build-word">{t(`segments.build.amount.${within.unit ?? "days"}`)}</span>
          </span>
        )}
      </div>
      {without
        ? <StepFields word={t("segments.build.step.without")} step={without} at={`${at}.without`} wrong={wrong} change={(next) => { change({ ...leaf, without: next }); }} remove={() => { change({ ...leaf, without: null }); }} />
        : <Button variant="subtle" size="compact-sm" mt={8} leftSection={<IconPlus size={14} aria-hidden />} onClick={() => { change({ ...leaf, without: { name: "" } }); }}>{t("segments.build.add_without")}</Button>}
      <div className="hd-build-fields hd-build-step">
        <span className="hd-build-word">{t("segments.build.both")}</span>
        <WindowFields window={leaf.window} at={`${at}.window`} change={(window) => { change({ ...leaf, window }); }} wrong={wrong} />
      </div>
    </>
  );
}
