import { describe, expect, it } from "vitest";
import { flowOf } from "@/features/journeys/flow";
import type { Graph } from "@/features/journeys/graph";
import { WIDTH, linesOf, mirrored, placesOf, readingOrder } from "@/features/journeys/layout";
import { inUnits, mailsOf } from "@/features/journeys/plan";
import { perSlot } from "@/features/rehearsals/hours";

const ORDERED = { kind: "event", name: "Order Completed" } as const;
const GRAPH: Graph = {
  key: "cart",
  names: { en: "Cart" },
  trigger: { kind: "event", name: "Product Added" },
  reentry: { kind: "always" },
  exit_on: [],
  goal: ORDERED,
  start: "pause",
  nodes: {
    pause: { kind: "delay", amount: 1, unit: "hours", next: "mail" },
    mail: { kind: "send", template: "cart_1", topic: "offers", next: "wait" },
    wait: { kind: "wait", until: ORDERED, timeout: { amount: 2, unit: "days" }, met: "bought", timed_out: "gone" },
    bought: { kind: "exit", reason: "came_back" },
    gone: { kind: "exit", reason: "no_answer" },
  },
};

describe("layout", () => {
  it("draws from top to bottom: every edge goes down", () => {
    const places = new Map(placesOf(GRAPH, "ltr").map((place) => [place.id, place]));
    for (const { source, target } of linesOf(GRAPH)) expect(places.get(target)?.y).toBeGreaterThan(places.get(source)?.y ?? Infinity);
  });

  it("mirrors the branches for right-to-left and keeps the heights", () => {
    const ltr = new Map(placesOf(GRAPH, "ltr").map((place) => [place.id, place]));
    const rtl = new Map(placesOf(GRAPH, "rtl").map((place) => [place.id, place]));
    expect(ltr.get("bought")?.x).toBeLessThan(ltr.get("gone")?.x ?? 0);
    expect(rtl.get("bought")?.x).toBeGreaterThan(rtl.get("gone")?.x ?? Infinity);
    expect([...rtl].map(([id, place]) => [id, place.y])).toEqual([...ltr].map(([id, place]) => [id, place.y]));
  });

  it("gives the first drawing back when it is mirrored twice", () => {
    const places = placesOf(GRAPH, "ltr");
    expect(mirrored(mirrored(places))).toEqual(places);
    expect(mirrored([{ id: "a", x: 0, y: 0 }, { id: "b", x: 300, y: 5 }])).toEqual([{ id: "a", x: 300, y: 0 }, { id: "b", x: 0, y: 5 }]);
    expect(WIDTH).toBeGreaterThan(0);
  });

  it("lets Tab follow the reader: downwards, then along the line", () => {
    const order = (direction: "ltr" | "rtl") => readingOrder(placesOf(GRAPH, direction), direction).map((place) => place.id);
    expect(order("ltr")).toEqual(["@entry", "pause", "mail", "wait", "bought", "gone"]);
    expect(order("rtl")).toEqual(order("ltr"));
  });
});

describe("flow", () => {
  it("puts the server's numbers on nodes and edges; the trigger carries all who came in", () => {
    const flow = flowOf(GRAPH, {
      nodes: { pause: { entered: 9, here: 2, left: 7 }, mail: { entered: 7, here: 0, left: 7 } },
      edges: [{ from: "", edge: "start", to: "pause", count: 9 }, { from: "pause", edge: "next", to: "mail", count: 7 }],
    });
    expect(flow.entered).toEqual({ "@entry": 9, pause: 9, mail: 7 });
    expect(flow.here).toEqual({ pause: 2, mail: 0 });
    expect(flow.edges).toEqual({ "@entry:start": 9, "pause:next": 7 });
  });
});

describe("rehearsal", () => {
  it("counts sends per hour, and over a long time per as many hours as fit, with zeros between", () => {
    const one = (at: string, count: number, channel = "email") => ({ at, channel, count });
    expect(perSlot([one("2026-03-01T10:00:00Z", 2), one("2026-03-01T12:00:00Z", 1), one("2026-03-01T12:00:00Z", 4, "sms")]).map(({ count }) => count)).toEqual([2, 0, 5]);
    const long = perSlot([one("2026-03-01T00:00:00Z", 1), one("2026-03-11T00:00:00Z", 1)]);
    expect([long.length <= 48, long.reduce((sum, { count }) => sum + count, 0)]).toEqual([true, 2]);
    expect(perSlot([])).toEqual([]);
  });
});

describe("plan", () => {
  it("names the mails by their earliest moment: a delay is waited for, what may happen at once is not", () => {
    expect(mailsOf(GRAPH)).toEqual([{ template: "cart_1", topic: "offers", after: 60 }]);
    const later: Graph = {
      ...GRAPH,
      nodes: {
        ...GRAPH.nodes,
        bought: { kind: "send", template: "thanks", topic: "newsletter", next: "gone" },
        wait: { kind: "wait", until: ORDERED, timeout: { amount: 2, unit: "days" }, met: "bought", timed_out: "last" },
        last: { kind: "send", template: "cart_2", topic: "offers", next: "gone" },
      },
    };
    expect(mailsOf(later).map(({ template, after }) => [template, after])).toEqual([["cart_1", 60], ["thanks", 60], ["cart_2", 60 + 2880]]);
    expect([inUnits(60), inUnits(2880), inUnits(90), inUnits(1500)]).toEqual([
      { amount: 1, unit: "hours" }, { amount: 2, unit: "days" }, { amount: 90, unit: "minutes" }, { amount: 25, unit: "hours" },
    ]);
  });
});
