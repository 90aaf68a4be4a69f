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
  remove?: { label: string; do: () => void };
}

function StepFields({ word, step, at, change, wrong, remove }: StepProps) {
  const { t } = useTranslation();
  const names = useEventNames().data?.items ?? [];
  return (
    <div className="hd-build-step">
      <div className="hd-build-fields">
        <span className="hd-build-word">{word}</span>
        <NameField label={t("segments.build.event")} at={`${at}.name`} wrong={wrong} value={step.name} known={names.map((one) => one.name)} change={(name) => { change({ ...step, name }); }} />
        {remove && <RemoveButton label={remove.label} remove={remove.do} />}
      </div>
      <WhereList where={step.where ?? []} at={at} event={step.name} wrong={wrong} change={(where) => { change({ ...step, where }); }} />
    </div>
  );
}

function AddButton({ label, add }: { label: string; add: () => void }) {
  return <Button variant="subtle" size="compact-sm" my={8} leftSection={<IconPlus size={14} aria-hidden />} onClick={add}>{label}</Button>;
}

const WHEN = ["days", "hours", "minutes", "any"] as const;
const AFTER = ["previous", "first"] as const;
const LEAST_STEPS = 2;
const MOST_STEPS = 6;

/** How soon one step has to follow; of more than two steps also which one the time is counted from. */
function WithinFields({ leaf, path, change, wrong }: LeafProps<SequenceLeaf>) {
  const { t } = useTranslation();
  const { within, steps } = leaf;
  const at = `${pathText(path)}.within`;
  const take = (when: Unit | "any") => { change({ ...leaf, within: when === "any" ? null : { ...within, amount: within?.amount ?? 7, unit: when } }); };
  return (
    <div className="hd-build-fields hd-build-step">
      <NativeSelect aria-label={t("segments.build.within")} value={within ? (within.unit ?? "days") : "any"} data={WHEN.map((one) => ({ value: one, label: t(`segments.build.withins.${one}`) }))} onChange={(event) => { take(event.currentTarget.value as Unit | "any"); }} />
      {within && (
        <span className="hd-build-unit">
          <WholeField label={t(`segments.build.amount.${within.unit ?? "days"}`)} at={`${at}.amount`} wrong={wrong} value={within.amount} change={(amount) => { change({ ...leaf, within: { ...within, amount } }); }} />
          <span className="hd-build-word">{t(`segments.build.amount.${within.unit ?? "days"}`)}</span>
        </span>
      )}
      {within && steps.length > LEAST_STEPS && (
        <NativeSelect aria-label={t("segments.build.after")} value={within.after ?? "previous"} data={AFTER.map((one) => ({ value: one, label: t(`segments.build.afters.${one}`) }))} onChange={(event) => { change({ ...leaf, within: { ...within, after: event.currentTarget.value as (typeof AFTER)[number] } }); }} />
      )}
    </div>
  );
}

/** Two to six things one after another, within a time, without another in between. */
export function SequenceFields({ leaf, path, change, wrong }: LeafProps<SequenceLeaf>) {
  const { t } = useTranslation();
  const at = pathText(path);
  const { steps, without } = leaf;
  const put = (index: number, step: Step) => { change({ ...leaf, steps: steps.with(index, step) }); };
  const remove = (index: number) => ({ label: t("segments.build.remove_step", { number: index + 1 }), do: () => { change({ ...leaf, steps: steps.toSpliced(index, 1) }); } });
  return (
    <>
      {steps.map((step, index) => (
        <StepFields key={index} word={t(index === 0 ? "segments.build.step.first" : "segments.build.step.then")} step={step} at={`${at}.steps[${String(index)}]`} wrong={wrong} change={(next) => { put(index, next); }} {...(steps.length > LEAST_STEPS ? { remove: remove(index) } : {})} />
      ))}
      {steps.length < MOST_STEPS && <AddButton label={t("segments.build.add_step")} add={() => { change({ ...leaf, steps: [...steps, { name: "" }] }); }} />}
      <WithinFields leaf={leaf} path={path} change={change} wrong={wrong} />
      {without
        ? <StepFields word={t("segments.build.step.without")} step={without} at={`${at}.without`} wrong={wrong} change={(next) => { change({ ...leaf, without: next }); }} remove={{ label: t("segments.build.remove_without"), do: () => { change({ ...leaf, without: null }); } }} />
        : <AddButton label={t("segments.build.add_without")} add={() => { change({ ...leaf, without: { name: "" } }); }} />}
      <div className="hd-build-fields hd-build-step">
        <span className="hd-build-word">{t("segments.build.both")}</span>
        <WindowFields window={leaf.window} at={`${at}.window`} change={(window) => { change({ ...leaf, window }); }} wrong={wrong} />
      </div>
    </>
  );
}
