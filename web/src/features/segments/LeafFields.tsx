import { use } from "react";
import { useTranslation } from "react-i18next";
import { useStages } from "@/features/lifecycle/queries";
import { useStageName } from "@/features/lifecycle/useStageName";
import { TimeZone } from "@/i18n/useFormat";
import { AmountFields } from "./AmountFields";
import { NO_STAGE, ORDER_OPS, OPS, WORD_OPS, withOp } from "./build";
import { CompanyFields } from "./CompanyFields";
import { Choice, DayField, NameField } from "./fields";
import { pathText, type AttributeLeaf, type ConsentLeaf, type EventLeaf, type Leaf, type SegmentLeaf } from "./condition";
import { DateFields } from "./DateFields";
import { TimesFields, useOps, WhereList, WindowFields, type LeafProps } from "./eventFields";
import { JourneyFields } from "./JourneyFields";
import { MessageFields } from "./MessageFields";
import { PlaceFields } from "./PlaceFields";
import { useAttributes, useEventNames, useSegmentList, useTopics } from "./queries";
import { RunFields } from "./RunFields";
import { SequenceFields } from "./SequenceFields";
import { ShareFields } from "./ShareFields";
import { useTopicName } from "./useTopicName";
import { ValueField } from "./ValueField";

function AttributeFields({ leaf, path, change, wrong }: LeafProps<AttributeLeaf>) {
  const { t } = useTranslation();
  const zone = use(TimeZone);
  const known = useAttributes().data?.items ?? [];
  const at = pathText(path);
  const builtIn = leaf.name.startsWith("@");
  const isDate = leaf.name === "@created_at";
  const ops = useOps(isDate ? ORDER_OPS : builtIn ? WORD_OPS : OPS);
  const mine = known.find((one) => one.name === leaf.name);
  return (
    <div className="hd-build-fields">
      {builtIn
        ? <span className="hd-build-word">{t(`segments.build.kind.${leaf.name.slice(1)}.name`)}</span>
        : <NameField label={t("segments.build.attribute")} at={`${at}.name`} wrong={wrong} value={leaf.name} known={known.map((one) => one.name)} change={(name) => { change({ ...leaf, name }); }} />}
      <Choice label={t("segments.build.compare")} at={`${at}.op`} wrong={wrong} value={leaf.op} options={ops} change={(op) => { change(withOp(leaf, op)); }} />
      {isDate
        ? <DayField label={t("segments.build.day")} at={`${at}.value`} wrong={wrong} value={String(leaf.value)} zone={zone} change={(value) => { change({ ...leaf, value }); }} />
        : <ValueField at={`${at}.value`} wrong={wrong} op={leaf.op} value={leaf.value} kind={mine?.kind} about={{ kind: "attribute", name: leaf.name }} change={(value) => { change({ ...leaf, value }); }} />}
    </div>
  );
}

function EventFields({ leaf, path, change, wrong }: LeafProps<EventLeaf>) {
  const { t } = useTranslation();
  const names = useEventNames().data?.items ?? [];
  const at = pathText(path);
  return (
    <>
      <div className="hd-build-fields">
        <NameField label={t("segments.build.event")} at={`${at}.name`} wrong={wrong} value={leaf.name} known={names.map((one) => one.name)} change={(name) => { change({ ...leaf, name }); }} />
        <TimesFields leaf={leaf} at={at} wrong={wrong} change={change} />
        <WindowFields window={leaf.window} at={`${at}.window`} change={(window) => { change({ ...leaf, window }); }} wrong={wrong} />
      </div>
      <WhereList where={leaf.where ?? []} at={at} event={leaf.name} wrong={wrong} change={(where) => { change({ ...leaf, where }); }} />
    </>
  );
}

function ConsentFields({ leaf, path, change, wrong }: LeafProps<ConsentLeaf>) {
  const { t } = useTranslation();
  const topics = useTopics().data?.items ?? [];
  const topicName = useTopicName();
  const states = ["subscribed", "pending", "unsubscribed"] as const;
  const options = [{ value: "", label: t("segments.build.choose_topic") }, ...topics.map(({ key }) => ({ value: key, label: topicName(key) }))];
  return (
    <div className="hd-build-fields">
      <span className="hd-build-word">{t("segments.build.kind.consent.name")}</span>
      <Choice label={t("segments.build.topic")} at={`${pathText(path)}.topic`} wrong={wrong} value={leaf.topic} options={options} change={(topic) => { change({ ...leaf, topic }); }} />
      <Choice label={t("segments.build.state")} at={`${pathText(path)}.state`} wrong={wrong} value={leaf.state ?? "subscribed"} options={states.map((one) => ({ value: one, label: t(`segments.build.consent.${one}`) }))} change={(state) => { change({ ...leaf, state }); }} />
    </div>
  );
}

function SegmentFields({ leaf, path, change, wrong }: LeafProps<SegmentLeaf>) {
  const { t } = useTranslation();
  const segments = useSegmentList().data?.items ?? [];
  const options = [{ value: "0", label: t("segments.build.choose_segment") }, ...segments.map(({ id, name }) => ({ value: String(id), label: name }))];
  const members = ["in", "out"] as const;
  return (
    <div className="hd-build-fields">
      <Choice label={t("segments.build.member")} at={`${pathText(path)}.member`} wrong={wrong} value={leaf.member === false ? "out" : "in"} options={members.map((one) => ({ value: one, label: t(`segments.build.members.${one}`) }))} change={(one) => { change({ ...leaf, member: one === "in" }); }} />
      <Choice label={t("segments.build.kind.segment.name")} at={`${pathText(path)}.segment_id`} wrong={wrong} value={String(leaf.segment_id)} options={options} change={(id) => { change({ ...leaf, segment_id: Number(id) }); }} />
    </div>
  );
}

function StageFields({ leaf, path, change, wrong }: LeafProps<SegmentLeaf>) {
  const { t } = useTranslation();
  const stages = useStages().data?.stages ?? [];
  const nameOf = useStageName();
  const options = [{ value: String(NO_STAGE), label: t("segments.build.choose_stage") }, ...stages.map((one) => ({ value: String(one.segment_id), label: nameOf(one) }))];
  const members = ["in", "out"] as const;
  return (
    <div className="hd-build-fields">
      <span className="hd-build-word">{t("segments.build.kind.stage.name")}</span>
      <Choice label={t("segments.build.member")} at={`${pathText(path)}.member`} wrong={wrong} value={leaf.member === false ? "out" : "in"} options={members.map((one) => ({ value: one, label: t(`segments.build.stages.${one}`) }))} change={(one) => { change({ ...leaf, member: one === "in" }); }} />
      <Choice label={t("segments.build.kind.stage.name")} at={`${pathText(path)}.segment_id`} wrong={wrong} value={String(leaf.segment_id)} options={options} change={(id) => { change({ ...leaf, segment_id: Number(id) }); }} />
    </div>
  );
}

/** A segment, or a stage of the lifecycle: that is one, too. */
function MemberFields(props: LeafProps<SegmentLeaf>) {
  const id = props.leaf.segment_id;
  const isStage = useStages().data?.stages.some((one) => one.segment_id === id) ?? false;
  return isStage || id === NO_STAGE ? <StageFields {...props} /> : <SegmentFields {...props} />;
}

/** The fields of one condition, in the order of the sentence that it becomes. */
export function LeafFields({ leaf, path, change, wrong }: LeafProps<Leaf>) {
  switch (leaf.kind) {
    case "event":
      return <EventFields leaf={leaf} path={path} change={change} wrong={wrong} />;
    case "message":
      return <MessageFields leaf={leaf} path={path} change={change} wrong={wrong} />;
    case "journey":
      return <JourneyFields leaf={leaf} path={path} change={change} wrong={wrong} />;
    case "amount":
      return <AmountFields leaf={leaf} path={path} change={change} wrong={wrong} />;
    case "sequence":
      return <SequenceFields leaf={leaf} path={path} change={change} wrong={wrong} />;
    case "date":
      return <DateFields leaf={leaf} path={path} change={change} wrong={wrong} />;
    case "place":
      return <PlaceFields leaf={leaf} path={path} change={change} wrong={wrong} />;
    case "company":
      return <CompanyFields leaf={leaf} path={path} change={change} wrong={wrong} />;
    case "share":
      return <ShareFields leaf={leaf} path={path} change={change} wrong={wrong} />;
    case "attribute":
      return <AttributeFields leaf={leaf} path={path} change={change} wrong={wrong} />;
    case "run":
      return <RunFields leaf={leaf} path={path} change={change} wrong={wrong} />;
    case "consent":
      return <ConsentFields leaf={leaf} path={path} change={change} wrong={wrong} />;
    case "segment":
      return <MemberFields leaf={leaf} path={path} change={change} wrong={wrong} />;
  }
}
