import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Facts, Failure, Loading, NativeSelect, Num, SegmentedControl, Stack, Text, Title } from "@/ui";
import { tell, type JourneyWords } from "../describe";
import type { Graph } from "../graph";
import type { Choice, Impact, ImpactStep, Runs } from "./types";

interface ImpactProps {
  impact: Impact | undefined;
  error: unknown;
  runs: Runs;
  change: (runs: Runs) => void;
  before: Graph;
  after: Graph;
  words: JourneyWords;
}

function useWhen(): (step: ImpactStep) => string {
  const { t } = useTranslation();
  const format = useFormat();
  const people = (count: number) => ({ count, number: format.number(count) });
  return (step) => {
    const parts = [
      ...(step.at_once + step.met > 0 ? [t("versions.at_once", people(step.at_once + step.met))] : []),
      ...step.later.slice(0, 3).map(({ day, people: count }) => t("versions.on_day", { ...people(count), day: format.date(`${day}T12:00:00Z`) })),
    ];
    const rest = step.after + step.later.slice(3).reduce((sum, one) => sum + one.people, 0);
    return format.list([...parts, ...(rest > 0 ? [t("versions.later", people(rest))] : [])]);
  };
}

function StepRow({ step, runs, change, before, after, words }: Omit<ImpactProps, "impact" | "error"> & { step: ImpactStep }) {
  const { t } = useTranslation();
  const format = useFormat();
  const when = useWhen();
  const name = (graph: Graph, id: string) => { const told = tell(words, graph, id); return [told.title, told.said].filter(Boolean).join(": "); };
  const chosen = runs.nodes[step.node];
  const value = !chosen ? "" : chosen.kind === "to" ? `to ${chosen.node}` : chosen.kind;
  const choose = (next: string) => {
    const rest = Object.fromEntries(Object.entries(runs.nodes).filter(([id]) => id !== step.node));
    const made: Choice | null = next === "" ? null : next.startsWith("to ") ? { kind: "to", node: next.slice(3) } : { kind: next as "keep" | "move" | "exit" };
    change({ ...runs, nodes: made ? { ...rest, [step.node]: made } : rest });
  };
  const choices = [{ value: "", label: t("versions.as_all") }, ...(["keep", "move", "exit"] as const).map((one) => ({ value: one, label: t(`versions.choice.${one}`) }))];
  const others = Object.keys(after.nodes).map((id) => ({ value: `to ${id}`, label: t("versions.to_step", { step: name(after, id) }) }));
  return (
    <li className="hd-line" style={{ flexWrap: "wrap" }}>
      <span className="hd-grow" style={{ flexBasis: 260 }}>
        <b><bdi>{name(before.nodes[step.node] ? before : after, step.node)}</bdi></b>
        <Text component="span" display="block" fz="sm">{t(`versions.how.${step.how}`, { count: step.here, number: format.number(step.here), step: step.to ? name(after, step.to) : "" })}</Text>
        <Text component="span" display="block" fz="sm" c="dimmed">{when(step)}</Text>
      </span>
      <NativeSelect size="xs" aria-label={t("versions.for_step", { step: name(before.nodes[step.node] ? before : after, step.node) })} value={value} data={[...choices, ...others]} onChange={(event) => { choose(event.currentTarget.value); }} />
    </li>
  );
}

/** What publishing does to people under way, before it is done; for all of them, or by the step on which they stand. */
export function ImpactView(props: ImpactProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const { impact, error, runs, change, words } = props;
  if (error) return <Failure error={error} />;
  if (!impact) return <Loading rows={3} />;
  const { here, keep, move, leave, at_once } = impact.people;
  if (here === 0) return <Text>{t("versions.nobody")}</Text>;
  const number = (value: number) => <Num>{format.number(value)}</Num>;
  return (
    <Stack>
      <Title order={3} fz="md">{t("versions.under_way", { count: here, number: format.number(here) })}</Title>
      <SegmentedControl fullWidth aria-label={t("versions.for_all")} value={runs.runs} data={(["keep", "move"] as const).map((one) => ({ value: one, label: t(`versions.all.${one}`) }))} onChange={(next) => { change({ ...runs, runs: next }); }} />
      <Facts items={[[t("versions.stay"), number(keep)], [t("versions.move"), number(move)], [t("versions.leave"), number(leave)], [t("versions.go_at_once"), number(at_once)]]} />
      <ul className="hd-list">{impact.steps.map((step) => <StepRow key={`${String(step.version)} ${step.node}`} step={step} {...props} />)}</ul>
      {impact.sends.length > 0 && (
        <Text fz="sm">{t("versions.sends", { list: format.list(impact.sends.map((one) => t(one.is_exact ? "versions.send" : "versions.send_most", { mail: words.template(one.template), number: format.number(one.people) }))) })}</Text>
      )}
      <Text c="dimmed" fz="sm">{t("journeys.as_of", { at: format.clock(impact.as_of) })}</Text>
    </Stack>
  );
}
