import { useTranslation } from "react-i18next";
import type { Condition } from "@/features/segments/condition";
import { useSegmentList, useTopics } from "@/features/segments/queries";
import { pickName } from "@/i18n/names";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { Group, MultiSelect, NativeSelect, Note, SimpleGrid, Stack, Switch } from "@/ui";
import { Choice } from "../Choice";
import { StepCard } from "./StepCard";
import { SubtractionView } from "./SubtractionView";
import type { Part } from "./useDraft";

function everybodyOn(topic: string): Condition {
  return { kind: "consent", topic, channel: "email", state: "subscribed" };
}

/** Everybody on the topic, or the people of some segments. */
function Whom({ definition, change }: Part) {
  const { t } = useTranslation();
  const format = useFormat();
  const segments = useSegmentList().data?.items ?? [];
  const { audience, topic } = definition;
  const isAll = audience.tree !== null;
  const choices = segments.map((one) => ({ value: String(one.id), label: `${one.name} (${format.number(one.count)})` }));
  const put = (name: "include" | "exclude") => (ids: string[]) => { change({ audience: { ...audience, [name]: ids.map(Number) } }); };
  const choose = (value: string) => { change({ audience: { ...audience, include: [], tree: value === "all" ? everybodyOn(topic) : null } }); };
  return (
    <Stack gap="sm">
      <Choice label={t("campaigns.whom")} value={isAll ? "all" : "some"} choose={choose} options={[{ value: "some", label: t("campaigns.in_segments") }, { value: "all", label: t("campaigns.everybody") }]} disabled={!topic && !isAll} />
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        {!isAll && <MultiSelect label={t("campaigns.include")} searchable clearable clearButtonProps={{ "aria-label": t("campaigns.clear") }} data={choices} value={audience.include.map(String)} onChange={put("include")} />}
        <MultiSelect label={t("campaigns.exclude")} searchable clearable clearButtonProps={{ "aria-label": t("campaigns.clear") }} data={choices} value={audience.exclude.map(String)} onChange={put("exclude")} />
      </SimpleGrid>
    </Stack>
  );
}

/** Who gets it: the topic they agreed to, the people, and what is left of them. */
export function WhoCard({ definition, change, id, resendOf }: Part & { id: number; resendOf: number | null }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const topics = useTopics().data?.items ?? [];
  const chooseTopic = (topic: string) => {
    const { audience } = definition;
    change({ topic, audience: audience.tree ? { ...audience, tree: everybodyOn(topic) } : audience });
  };
  return (
    <StepCard number={1} title={t("campaigns.who")}>
      <Stack>
        <NativeSelect
          label={t("campaigns.topic")} description={t("campaigns.topic_hint")} maw={420} value={definition.topic} onChange={(event) => { chooseTopic(event.currentTarget.value); }}
          data={[{ value: "", label: t("campaigns.choose"), disabled: true }, ...topics.map((one) => ({ value: one.key, label: pickName(one.names, language, one.key) }))]}
        />
        {resendOf === null ? <Whom definition={definition} change={change} /> : <Note>{t("campaigns.resend_lead")}</Note>}
        <Group>
          <Switch label={t("campaigns.skip_seen")} description={t("campaigns.skip_seen_hint")} checked={definition.skip_seen !== null} onChange={(event) => { change({ skip_seen: event.currentTarget.checked ? true : null }); }} />
        </Group>
        <SubtractionView definition={definition} id={id} resendOf={resendOf} />
      </Stack>
    </StepCard>
  );
}
