import { useTranslation } from "react-i18next";
import { useTopics } from "@/features/segments/queries";
import { useTopicName } from "@/features/segments/useTopicName";
import { Card, Checkbox, Group, NativeSelect, Stack, TextInput } from "@/ui";
import { REFUSALS, speaksOfConsent } from "./plan";
import type { Kind, Plan } from "./types";

function Consent({ plan, change }: { plan: Plan; change: (plan: Plan) => void }) {
  const { t } = useTranslation();
  const topicName = useTopicName();
  const topics = (useTopics().data?.items ?? []).filter((one) => one.stream === "marketing");
  const toggle = (key: string, on: boolean) => { change({ ...plan, subscribe: on ? [...plan.subscribe, key] : plan.subscribe.filter((one) => one !== key) }); };
  return (
    <Card title={t("imports.consent")}>
      <Stack>
        <p className="hd-dim" style={{ margin: 0 }}>{t("imports.consent_lead")}</p>
        <Group>{topics.map(({ key }) => <Checkbox key={key} label={topicName(key)} checked={plan.subscribe.includes(key)} onChange={(event) => { toggle(key, event.currentTarget.checked); }} />)}</Group>
        {speaksOfConsent(plan) && <TextInput required label={t("imports.consent_source")} description={t("imports.consent_source_hint")} maxLength={500} value={plan.consent_source} onChange={(event) => { change({ ...plan, consent_source: event.currentTarget.value }); }} />}
      </Stack>
    </Card>
  );
}

/** Nobody in the file is to be written to, and why: another tool's list of the unsubscribed or bounced. */
function Refused({ kind, plan, change }: { kind: Kind; plan: Plan; change: (plan: Plan) => void }) {
  const { t } = useTranslation();
  const options = [{ value: "", label: t(kind === "suppressions" ? "imports.refused_by_column" : "imports.refused_nobody") }, ...REFUSALS.map((one) => ({ value: one, label: t(`imports.refusals.${one}`) }))];
  return (
    <Card title={t("imports.no")}>
      <Stack>
        <p className="hd-dim" style={{ margin: 0 }}>{t("imports.no_lead")}</p>
        <NativeSelect label={t("imports.refused_why")} data={options} value={plan.refused} onChange={(event) => { change({ ...plan, refused: event.currentTarget.value as Plan["refused"] }); }} />
      </Stack>
    </Card>
  );
}

/** Whoever was erased here stays so, unless they asked to come back. */
function Erased({ plan, change }: { plan: Plan; change: (plan: Plan) => void }) {
  const { t } = useTranslation();
  return (
    <Card title={t("imports.erased")}>
      <Stack>
        <p className="hd-dim" style={{ margin: 0 }}>{t("imports.erased_lead")}</p>
        <Checkbox label={t("imports.take_erased")} checked={plan.takes_erased} onChange={(event) => { change({ ...plan, takes_erased: event.currentTarget.checked }); }} />
      </Stack>
    </Card>
  );
}

/** What no column may say about everybody: what they agreed to, why they must not be written to, and who comes back. */
export function WhomCards({ kind, isTable = true, plan, change }: { kind: Kind; isTable?: boolean; plan: Plan; change: (plan: Plan) => void }) {
  return (
    <>
      {isTable && (kind === "people" || kind === "consent") && <Consent plan={plan} change={change} />}
      {isTable && kind !== "events" && <Refused kind={kind} plan={plan} change={change} />}
      <Erased plan={plan} change={change} />
    </>
  );
}
