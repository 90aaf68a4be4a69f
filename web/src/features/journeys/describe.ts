import { isolated, plain, sentence, type Words } from "@/features/segments/sentence";
import type { Condition } from "@/features/segments/condition";
import { tellChange, tellShare } from "./acting";
import { clockTime, tellDate, tellDays, tellHours, tellUntil } from "./clock";
import { TRIGGER, type Graph, type JourneyNode, type Trigger, type Unit } from "./graph";

export interface Told {
  title: string;
  said: string;
  tone: "trigger" | JourneyNode["kind"];
}

export interface JourneyWords extends Words {
  template: (key: string) => string;
}

export function span(words: Words, amount: number, unit: Unit): string {
  return words.t(`journeys.span.${unit}`, { count: amount, number: words.format.number(amount) });
}

function say(words: Words, tree: Condition): string {
  return plain(words, sentence(words, tree));
}

function trigger(words: Words, from: Trigger): string {
  const { t } = words;
  switch (from.kind) {
    case "event": {
      const names = (Array.isArray(from.name) ? from.name : [from.name]).map((one) => t("segments.quoted", { text: isolated(one) }));
      return t("journeys.trigger.event", { event: words.format.either(names) });
    }
    case "segment_enter":
    case "segment_leave": {
      const { segment } = from;
      if (typeof segment !== "number") return t(from.kind === "segment_enter" ? "journeys.trigger.condition" : "journeys.trigger.condition_leave", { condition: say(words, segment) });
      return t(`journeys.trigger.${from.kind}`, { segment: t("segments.quoted", { text: isolated(words.segment(segment)) }) });
    }
    case "api":
      return t("journeys.trigger.api");
    case "date":
      return tellDate(words, from);
    case "schedule": {
      const { segment } = from;
      const whom = typeof segment === "number"
        ? t("journeys.trigger.members", { segment: t("segments.quoted", { text: isolated(words.segment(segment)) }) })
        : t("journeys.trigger.everybody", { condition: say(words, segment) });
      return t("journeys.trigger.schedule", { days: tellDays(words, from.rule), at: clockTime(words.format.locale, from.at), whom });
    }
    case "subscribe":
      return t("journeys.trigger.subscribe", { topic: t("segments.quoted", { text: isolated(words.topic(from.topic)) }) });
  }
}

function delay(words: Words, { amount, unit, until }: Extract<JourneyNode, { kind: "delay" }>): string {
  const first = amount && unit ? span(words, amount, unit) : "";
  if (!until) return first;
  return first ? words.t("journeys.until.first", { span: first, until: tellUntil(words, until) }) : tellUntil(words, until);
}

function chain(words: JourneyWords, { template, fallbacks }: Extract<JourneyNode, { kind: "send" }>): string {
  const mail = words.template(template);
  if (!fallbacks?.length) return mail;
  return words.t("journeys.fallbacks", { mail, then: words.format.list(fallbacks.map((one) => words.template(one.template))) });
}

/** What a node does, in the reader's words: a title and a line. */
export function tellNode(words: JourneyWords, node: JourneyNode): Told {
  const { t } = words;
  const title = t(`journeys.kind.${node.kind}`);
  switch (node.kind) {
    case "send":
      return { title, said: chain(words, node), tone: "send" };
    case "delay":
      return { title, said: delay(words, node), tone: "delay" };
    case "wait": {
      const most = span(words, node.timeout.amount, node.timeout.unit);
      return { title, said: t("journeys.wait", { until: say(words, node.until), most }), tone: "wait" };
    }
    case "branch":
      return { title, said: t("journeys.branch", { count: node.branches.length + 1, number: words.format.number(node.branches.length + 1) }), tone: "branch" };
    case "split":
      return { title, said: words.format.list(node.shares.map((one) => tellShare(words, one.name, one.percent))), tone: "split" };
    case "test":
      return { title, said: t("journeys.test", { arms: words.format.list(node.arms.map((one) => isolated(one.name))) }), tone: "test" };
    case "holdout":
      return { title, said: t("journeys.holdout", { percent: words.format.percent(node.percent / 100) }), tone: "holdout" };
    case "update":
      return { title, said: words.format.list(node.changes.map((one) => tellChange(words, one))), tone: "update" };
    case "topic":
      return { title, said: t(`journeys.topic.${node.do}`, { topic: t("segments.quoted", { text: isolated(words.topic(node.topic)) }) }), tone: "topic" };
    case "start":
      return { title, said: isolated(words.journey(node.journey)), tone: "start" };
    case "leave":
      return { title, said: words.format.list(node.journeys.map((key) => isolated(words.journey(key)))), tone: "leave" };
    case "webhook":
      return { title, said: t("journeys.webhook", { host: isolated(/^https?:\/\/([^/?]+)/i.exec(node.url)?.[1] ?? node.url), name: isolated(node.name) }), tone: "webhook" };
    case "coupon":
      return { title, said: t("journeys.coupon", { pool: isolated(node.pool) }), tone: "coupon" };
    case "goal":
    case "exit":
      return { title, said: t(`journeys.exit.${node.reason}`, { defaultValue: node.reason.replaceAll("_", " ") }), tone: node.kind };
  }
}

export function tellTrigger(words: Words, graph: Graph): Told {
  return { title: words.t("journeys.kind.trigger"), said: trigger(words, graph.trigger), tone: "trigger" };
}

export function tell(words: JourneyWords, graph: Graph, id: string): Told {
  const node = graph.nodes[id];
  if (id === TRIGGER || id === "") return tellTrigger(words, graph);
  // A step of an older version, on which a run once was.
  return node ? tellNode(words, node) : { title: isolated(id), said: "", tone: "trigger" };
}

const ENDS = new Set(["end", "goal", "exit", "merged", "left", "moved"]);

/** What stands on an edge: nothing on the only way on, else the answer that leads there. */
export function tellEdge(words: Words, node: JourneyNode | undefined, edge: string): string {
  // No ways that are drawn: runs that end, or are moved to another version. Their reason says it all.
  if (ENDS.has(edge)) return "";
  if (node?.kind === "wait") return words.t(`journeys.edge.${edge}`);
  if (node?.kind === "delay" && edge === "otherwise") return words.t("journeys.edge.no_date");
  if (node?.kind === "webhook" && edge === "failed") return words.t("journeys.edge.failed");
  if (node?.kind === "coupon" && edge === "otherwise") return words.t("journeys.edge.no_coupon");
  if (node?.kind === "holdout") return words.t(edge === "held" ? "journeys.edge.held" : "journeys.edge.otherwise");
  if (node?.kind === "split" || node?.kind === "test") {
    const drawn = (node.kind === "split" ? node.shares : node.arms).find((one) => one.name === edge);
    return drawn ? tellShare(words, drawn.name, drawn.percent) : "";
  }
  if (node?.kind !== "branch") return "";
  const arm = node.branches[Number(edge)];
  return arm ? say(words, arm.if) : words.t("journeys.edge.otherwise");
}

/** The rules that hold anywhere in the journey, each with the field that it is told of. */
export function ruleLines(words: Words, graph: Graph): { field: string; name: string; said: string }[] {
  const { t } = words;
  const isByClock = graph.trigger.kind === "date" || graph.trigger.kind === "schedule";
  const again = isByClock ? t("journeys.reentry.each_day") : graph.reentry.kind === "after"
    ? t("journeys.reentry.after", { count: graph.reentry.days, number: words.format.number(graph.reentry.days) })
    : t(`journeys.reentry.${graph.reentry.kind}`);
  const rules = [{ field: "reentry", name: t("journeys.rule.again"), said: again }];
  if (graph.entry) rules.unshift({ field: "entry", name: t("journeys.rule.entry"), said: say(words, graph.entry) });
  const from = graph.starts_at && words.format.dateTime(graph.starts_at);
  const to = graph.ends_at && words.format.dateTime(graph.ends_at);
  if (from || to) rules.push({ field: from ? "starts_at" : "ends_at", name: t("journeys.rule.dates"), said: t(`journeys.dates.${from ? "from" : ""}${to ? "to" : ""}`, { from, to }) });
  if (graph.send_window) rules.push({ field: "send_window", name: t("journeys.rule.send_window"), said: tellHours(words, graph.send_window) });
  if (graph.priority && graph.priority !== "normal") rules.push({ field: "priority", name: t("journeys.rule.priority"), said: t(`journeys.priority.${graph.priority}`) });
  if (graph.goal) rules.push({ field: "goal", name: t("journeys.rule.goal"), said: say(words, graph.goal) });
  if (graph.exit_on.length > 0) rules.push({ field: "exit_on", name: t("journeys.rule.exit_on"), said: words.format.either(graph.exit_on.map((one) => say(words, one))) });
  return rules;
}

/** The rules that hold anywhere in the journey, as pairs of a name and a line. */
export function tellRules(words: Words, graph: Graph): [string, string][] {
  return ruleLines(words, graph).map(({ name, said }) => [name, said]);
}
