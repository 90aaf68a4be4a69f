import { describe, expect, it } from "vitest";
import type { Graph, JourneyNode } from "@/features/journeys/graph";
import { exitsOf } from "@/features/journeys/graph";
import { NOWHERE, addStep, putStep, redirect, removeStep } from "@/features/journeys/editor/change";
import { KINDS } from "@/features/journeys/editor/kinds/all";
import { begin, go, redo, undo } from "@/features/drafts/history";
import { insideOf, isAt, placed, toldOf } from "@/features/journeys/editor/problems";
import { toRhythm, toRule } from "@/features/journeys/editor/rule";
import { evenly } from "@/features/journeys/editor/shares";
import { fromLocal, toLocal } from "@/features/journeys/editor/instants";
import { putAt } from "@/features/journeys/editor/values";
import { pairsOf } from "@/features/rehearsals/pairs";

const GRAPH: Graph = {
  key: "k", names: { en: "K" }, trigger: { kind: "event", name: "A" }, reentry: { kind: "never" }, exit_on: [], goal: null, start: "mail",
  nodes: { mail: { kind: "send", template: "m", topic: "t", next: "end" }, end: { kind: "exit", reason: "x" } },
};
const t = ((key: string) => key) as never;
const add = (kind: JourneyNode["kind"], graph = GRAPH, gap = { source: "mail", edge: "next" }) => addStep(graph, gap, (next) => KINDS[kind].make(next, t), "end");
const targets = (graph: Graph) => Object.values(graph.nodes).flatMap((node) => exitsOf(node).map(([, next]) => next));

describe("who has got a mail already", () => {
  it("is asked of so many days, or of ever where no days are said", () => {
    const mail = KINDS.send.make("end", t) as unknown as Record<string, unknown>;
    const put = (values: Record<string, unknown>) => KINDS.send.tidy?.(values as unknown as JourneyNode);
    const limited = putAt({ ...mail, skip_if_seen: true }, "skip_if_seen.days", 30);
    expect(put(limited)).toMatchObject({ skip_if_seen: { days: 30 } });
    expect(put(putAt(limited, "skip_if_seen.days", undefined))).toMatchObject({ skip_if_seen: true });
    expect(put({ ...mail, skip_if_seen: false })).toMatchObject({ skip_if_seen: false });
  });
});

describe("two journeys that write to the same people", () => {
  it("are one pair, whichever comes first; others are others", () => {
    const way = (first: string, second: string, people: number) => ({ first, second, people, times: people });
    const pairs = pairsOf([way("cart", "welcome", 3), way("a", "b c", 1), way("welcome", "cart", 2), way("a b", "c", 1)]);
    expect(pairs.map(({ one, other, ways }) => [one, other, ways.map(({ people }) => people)])).toEqual([["cart", "welcome", [3, 2]], ["a", "b c", [1]], ["a b", "c", [1]]]);
  });
});

describe("changes of a graph", () => {
  it.each(Object.keys(KINDS) as JourneyNode["kind"][])("puts a %s into a gap so that every way leads to a step that there is", (kind) => {
    const { graph, id } = add(kind);
    expect(graph.nodes[id]?.kind).toBe(kind);
    expect(targets(graph).filter((next) => !graph.nodes[next])).toEqual([]);
    expect(exitsOf(graph.nodes.mail as JourneyNode)).toEqual([["next", id]]);
  });

  it("lets the held out come to an end of their own, and all other ways to what followed", () => {
    const held = add("holdout");
    const [[, next], [, other]] = exitsOf(held.graph.nodes[held.id] as JourneyNode) as [[string, string], [string, string]];
    expect([next, held.graph.nodes[other]?.kind, other === "end"]).toEqual(["end", "exit", false]);
    const split = add("split");
    expect(exitsOf(split.graph.nodes[split.id] as JourneyNode).map(([, to]) => to)).toEqual(["end", "end"]);
  });

  it("puts an end in the place of all that followed, and takes a step out so that its way goes on", () => {
    const { graph, id } = add("goal", GRAPH, { source: "@entry", edge: "start" });
    expect([graph.start, Object.keys(graph.nodes)]).toEqual([id, [id]]);
    const wait = add("wait");
    const without = removeStep(wait.graph, wait.id);
    expect([without.nodes, without.start]).toEqual([GRAPH.nodes, "mail"]);
    expect(removeStep(GRAPH, "end")).toBe(GRAPH);
  });

  it("gives a way an end of its own, and a delay until a date the way for those who have none", () => {
    const led = redirect(GRAPH, { source: "mail", edge: "next" }, NOWHERE, "over");
    expect(Object.values(led.nodes).map((node) => (node.kind === "exit" ? node.reason : node.kind))).toEqual(["send", "over"]);
    const { graph, id } = add("delay");
    const dated = KINDS.delay.tidy?.({ kind: "delay", until: { kind: "date", attribute: "birthday", at: "09:00" }, next: "end" }) as JourneyNode;
    const made = putStep(graph, id, dated, "over");
    expect(targets(made).filter((next) => !made.nodes[next])).toEqual([]);
    expect(exitsOf(made.nodes[id] as JourneyNode).map(([edge]) => edge)).toEqual(["next", "otherwise"]);
  });

  it("steps back and forth, where one field is written in as one step", () => {
    const one = go(go(begin("a"), "ab", false), "abc", true);
    expect([undo(one).present, redo(undo(one)).present, undo(undo(one)).present]).toEqual(["a", "abc", "a"]);
  });
});

describe("fields of the editor", () => {
  it("finds the field that the server names, and what is wrong inside of a condition", () => {
    const about = (message: string) => placed({ node: "n", code: "invalid_field", message, remedy: "do so" });
    expect(about("changes[0].attribute: Expected `str`").field).toBe("changes[0].attribute");
    expect(about("`url`: begin with https://").field).toBe("url");
    expect(toldOf(about("`url`: begin with https://"))).toBe("begin with https://");
    expect(isAt(about("changes[0].attribute: no"), "changes[0]")).toBe(true);
    expect(isAt(about("changes[0].attribute: no"), "change")).toBe(false);
    expect(insideOf(about("until: of[0].name: ''"), "until")).toEqual({ path: "of[0].name", remedy: "do so" });
  });

  it("puts values in their places and takes empty ones away", () => {
    expect(putAt({ until: { at: "09:00" } }, "until.weekdays", ["mon"])).toEqual({ until: { at: "09:00", weekdays: ["mon"] } });
    expect(putAt({ until: { at: "09:00" }, next: "a" }, "until", undefined)).toEqual({ next: "a" });
  });

  it("shares a whole evenly, keeps rules that it does not know, and clocks of other zones", () => {
    expect(evenly([{}, {}, {}]).map((one) => one.percent)).toEqual([33.34, 33.33, 33.33]);
    for (const rule of ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,FR", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYMONTHDAY=15", "FREQ=YEARLY"]) expect(toRule(toRhythm(rule))).toBe(rule);
    expect(fromLocal("2026-03-29T12:30", "Europe/Tallinn")).toBe("2026-03-29T09:30:00Z");
    expect(toLocal("2026-03-29T09:30:00Z", "Europe/Tallinn")).toBe("2026-03-29T12:30");
  });
});
