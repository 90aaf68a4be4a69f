import { useTranslation } from "react-i18next";
import { Facts, Note, Stack } from "@/ui";
import { span, tellRules, tellTrigger, type JourneyWords } from "./describe";
import type { Graph } from "./graph";
import { inUnits, mailsOf } from "./plan";

interface PlanProps {
  graph: Graph;
  words: JourneyWords;
  subject?: (template: string) => string | undefined;
}

function Mails({ graph, words, subject }: PlanProps) {
  const { t } = useTranslation();
  return (
    <ol className="hd-plan">
      {mailsOf(graph).map(({ template, after }) => {
        const { amount, unit } = inUnits(after);
        const line = subject?.(template);
        return (
          <li key={template}>
            <b><bdi>{words.template(template)}</bdi></b> <span className="hd-dim">{after === 0 ? t("journeys.plan.at_once") : t("journeys.plan.after", { span: span(words, amount, unit) })}</span>
            {line && <span className="hd-dim hd-small hd-subject"><bdi>{line}</bdi></span>}
          </li>
        );
      })}
    </ol>
  );
}

/** What a journey will do once it runs, in plain words: for whom, which mails and when, and what ends it. */
export function Plan({ graph, words, subject }: PlanProps) {
  const { t } = useTranslation();
  const mails = mailsOf(graph);
  const topics = [...new Set(mails.map((one) => one.topic))].map((key) => t("segments.quoted", { text: words.topic(key) }));
  const count = mails.length;
  return (
    <Stack>
      <Facts
        items={[
          [t("journeys.plan.begins"), tellTrigger(words, graph).said],
          [t("journeys.plan.mails", { count, number: words.format.number(count) }), <Mails key="mails" graph={graph} words={words} subject={subject} />],
          [t("journeys.plan.to"), t("journeys.plan.only", { topics: words.format.list(topics) })],
          ...tellRules(words, graph),
        ]}
      />
      <Note>{t("journeys.plan.from_now")}</Note>
    </Stack>
  );
}
