import { howFar } from "./build";
import type {
  AmountLeaf, AttributeLeaf, Condition, ConsentLeaf, DateLeaf, EventLeaf, JourneyLeaf, Leaf, MessageLeaf, Path, PlaceLeaf, SegmentLeaf, SequenceLeaf, ShareLeaf, Step, Where, Window,
} from "./condition";
import { fill, joined, name, number, text, valuePieces, type Piece, type Words } from "./pieces";

export type { Piece, Words } from "./pieces";

/** What something is compared with, said as one. */
function comparison(words: Words, what: Piece[], { op, value }: Pick<Where, "op" | "value">, path: Path): Piece[] {
  return fill(words, `segments.op.${op}`, { name: what, value: valuePieces(words, value, path, op === "has_all" ? "list" : "either") });
}

/** Filters that reach into one list are about the same item of it, so they are said together. */
function wherePieces(words: Words, where: Where[], path: Path): Piece[] {
  if (where.length === 0) return [];
  const said = where.map((one, index) => {
    const [list = "", inner] = one.property.split("[].");
    const pieces = comparison(words, name(inner ?? one.property), one, [...path, index, "value"]);
    return { list: inner === undefined ? `:${String(index)}` : list, pieces };
  });
  const all = [...new Set(said.map((one) => one.list))].map((list) => {
    const filters = joined(words, said.filter((one) => one.list === list).map((one) => one.pieces), "list");
    return list.startsWith(":") ? filters : fill(words, "segments.any_item", { list: name(list), filters });
  });
  return fill(words, "segments.where", { filters: joined(words, all, "list") });
}

function windowPieces(words: Words, window: Window, path: Path): Piece[] {
  switch (window.kind) {
    case "last":
      return fill(words, `segments.window.${window.unit ?? "days"}`, { number: number(window.amount, [...path, "amount"]) }, window.amount);
    case "between":
      return fill(words, "segments.window.between", { from: text(words.format.date(window.from)), to: text(words.format.date(window.to)) });
    case "since_entry":
      return text(words.t(window.later_day ? "segments.window.later_day" : "segments.window.since_entry"));
    default:
      return text(words.t("segments.window.ever"));
  }
}

function eventPieces(words: Words, leaf: EventLeaf, path: Path): Piece[] {
  return timesPieces(words, name(leaf.name), leaf, wherePieces(words, leaf.where ?? [], [...path, "where"]), path);
}

function messagePieces(words: Words, leaf: MessageLeaf, path: Path): Piece[] {
  const what = leaf.template ? fill(words, `segments.message.${leaf.did}`, { template: name(words.template(leaf.template)) }) : text(words.t(`segments.message.any_${leaf.did}`));
  const from = leaf.journey ? fill(words, "segments.message.from", { journey: name(words.journey(leaf.journey)) }) : [];
  return timesPieces(words, what, leaf, from, path);
}

function journeyPieces(words: Words, leaf: JourneyLeaf, path: Path): Piece[] {
  const window = windowPieces(words, leaf.window ?? { kind: "ever" }, [...path, "window"]);
  return fill(words, `segments.journey.${leaf.did ?? "is_in"}`, { journey: name(words.journey(leaf.journey)), window });
}

function timesPieces(words: Words, event: Piece[], leaf: EventLeaf | MessageLeaf, where: Piece[], path: Path): Piece[] {
  const op = leaf.count?.op ?? "at_least";
  const times = leaf.count?.value ?? 1;
  const never = times === 0 && op !== "at_least";
  const key = never ? "segments.event.never" : isOnce(leaf) ? "segments.event.once" : `segments.event.${op}`;
  const slots = {
    event,
    number: number(times, [...path, "count", "value"]),
    window: windowPieces(words, leaf.window ?? { kind: "ever" }, [...path, "window"]),
    where,
  };
  return fill(words, key, slots, times);
}

function amountPieces(words: Words, leaf: AmountLeaf, path: Path): Piece[] {
  const what = fill(words, `segments.amount.${leaf.take}`, {
    property: name(leaf.property),
    event: name(leaf.name),
    window: windowPieces(words, leaf.window ?? { kind: "ever" }, [...path, "window"]),
    where: wherePieces(words, leaf.where ?? [], [...path, "where"]),
  });
  return comparison(words, what, leaf, [...path, "value"]);
}

function stepPieces(words: Words, step: Step, path: Path): Piece[] {
  return [...name(step.name), ...wherePieces(words, step.where ?? [], [...path, "where"])];
}

/** Of two steps it is plain which time is meant; of more it is said. */
function withinPieces(words: Words, { within, steps }: SequenceLeaf, path: Path): Piece[] {
  if (!within) return [];
  const span = fill(words, `segments.within.${within.unit ?? "days"}`, { number: number(within.amount, [...path, "within", "amount"]) }, within.amount);
  return steps.length > 2 ? fill(words, `segments.within_of.${within.after ?? "previous"}`, { within: span }) : span;
}

function sequencePieces(words: Words, leaf: SequenceLeaf, path: Path): Piece[] {
  const { steps, without } = leaf;
  const said = steps.map((step, index) => stepPieces(words, step, [...path, "steps", index]));
  return fill(words, "segments.sequence", {
    steps: said.reduce((first, then) => fill(words, "segments.and_then", { first, then })),
    within: withinPieces(words, leaf, path),
    without: without ? fill(words, "segments.without", { event: stepPieces(words, without, [...path, "without"]) }) : [],
    window: windowPieces(words, leaf.window ?? { kind: "ever" }, [...path, "window"]),
  });
}

function datePieces(words: Words, leaf: DateLeaf, path: Path): Piece[] {
  const what = leaf.name.startsWith("@") ? text(words.t(`segments.built_in.${leaf.name.slice(1)}`)) : name(leaf.name);
  const days = leaf.days ?? 0;
  const slots = { name: leaf.yearly ? fill(words, "segments.anniversary", { name: what }) : what, number: number(days, [...path, "days"]) };
  return fill(words, `segments.date.${howFar(leaf)}`, slots, days);
}

function placePieces(words: Words, leaf: PlaceLeaf, path: Path): Piece[] {
  const parts = [leaf.cities, leaf.regions, leaf.countries?.map(words.country)]
    .filter((names) => names?.length)
    .map((names = []) => fill(words, "segments.place.names", { names: joined(words, names.map(name), "either") }));
  if (leaf.near) {
    const { latitude, longitude, km } = leaf.near;
    parts.push(fill(words, "segments.place.near", { number: number(km, [...path, "near", "km"]), point: name(`${String(latitude)}, ${String(longitude)}`) }));
  }
  return fill(words, `segments.place.${leaf.outside ? "outside" : "in"}`, { place: joined(words, parts, "list") });
}

function sharePieces(words: Words, leaf: ShareLeaf, path: Path): Piece[] {
  return fill(words, "segments.share", { number: number(leaf.percent, [...path, "percent"]), salt: name(leaf.salt) });
}

function attributePieces(words: Words, leaf: AttributeLeaf, path: Path): Piece[] {
  const builtIn = leaf.name.startsWith("@");
  const what = builtIn ? text(words.t(`segments.built_in.${leaf.name.slice(1)}`)) : name(leaf.name);
  const isDate = leaf.name === "@created_at" && typeof leaf.value === "string";
  if (isDate) return fill(words, `segments.op.${leaf.op}`, { name: what, value: text(words.format.date(leaf.value as string)) });
  return comparison(words, what, leaf, [...path, "value"]);
}

function consentPieces(words: Words, leaf: ConsentLeaf): Piece[] {
  return fill(words, `segments.consent.${leaf.state ?? "subscribed"}`, { topic: name(words.topic(leaf.topic)) });
}

function memberPieces(words: Words, { segment_id, member }: SegmentLeaf): Piece[] {
  const way = member === false ? "out" : "in";
  const stage = words.stage(segment_id);
  if (stage !== undefined) return fill(words, `segments.stage.${way}`, { stage: name(stage) });
  const rule = words.rule(segment_id);
  if (rule !== undefined) return fill(words, `segments.stage_rule.${way}`, { stage: name(rule) });
  return fill(words, `segments.member.${way}`, { segment: name(words.segment(segment_id)) });
}

function leafPieces(words: Words, leaf: Leaf, path: Path): Piece[] {
  switch (leaf.kind) {
    case "event":
      return eventPieces(words, leaf, path);
    case "message":
      return messagePieces(words, leaf, path);
    case "journey":
      return journeyPieces(words, leaf, path);
    case "amount":
      return amountPieces(words, leaf, path);
    case "sequence":
      return sequencePieces(words, leaf, path);
    case "date":
      return datePieces(words, leaf, path);
    case "place":
      return placePieces(words, leaf, path);
    case "company":
      return fill(words, leaf.where?.length ? "segments.company.whose" : "segments.company.any", { where: wherePieces(words, leaf.where ?? [], [...path, "where"]) });
    case "share":
      return sharePieces(words, leaf, path);
    case "attribute":
      return attributePieces(words, leaf, path);
    case "run":
      return comparison(words, fill(words, "segments.answer", { name: name(leaf.name) }), leaf, [...path, "value"]);
    case "consent":
      return consentPieces(words, leaf);
    case "segment":
      return memberPieces(words, leaf);
  }
}

/** "No order", "is not in": where a language has a short way to say the opposite, it is taken. */
function notPieces(words: Words, inner: Condition, path: Path): Piece[] {
  if (inner.kind === "segment") return leafPieces(words, { ...inner, member: inner.member === false }, path);
  if (inner.kind === "journey" && (inner.did ?? "is_in") === "is_in") return fill(words, "segments.journey.is_out", { journey: name(words.journey(inner.journey)) });
  if ((inner.kind === "event" || inner.kind === "message") && isOnce(inner)) return leafPieces(words, { ...inner, count: { op: "at_most", value: 0 } }, path);
  return fill(words, "segments.not", { inner: part(words, inner, path) });
}

function isOnce(leaf: EventLeaf | MessageLeaf): boolean {
  return (leaf.count?.op ?? "at_least") === "at_least" && (leaf.count?.value ?? 1) === 1;
}

/** A condition within another: what belongs together in it stands in brackets, or "and" and "or" side by side could be read two ways. */
function part(words: Words, tree: Condition, path: Path): Piece[] {
  const pieces = sentence(words, tree, path);
  const isGroup = (tree.kind === "and" || tree.kind === "or") && tree.of.length > 1;
  return isGroup ? [...text("("), ...pieces, ...text(")")] : pieces;
}

/** A whole condition as one sentence. */
export function sentence(words: Words, tree: Condition, path: Path = []): Piece[] {
  if (tree.kind === "and" || tree.kind === "or") {
    if (tree.of.length === 0) return text(words.t("segments.everybody"));
    const within = tree.of.length > 1 ? part : sentence;
    const all = tree.of.map((child, index) => within(words, child, [...path, "of", index]));
    return joined(words, all, tree.kind === "and" ? "list" : "either");
  }
  if (tree.kind === "not") return notPieces(words, tree.of, [...path, "of"]);
  return leafPieces(words, tree, path);
}

const SHORT = 28;

/** A name in plain text keeps its own direction, and the quotation marks theirs; a short one is never torn apart. */
export function isolated(text: string): string {
  return `\u2068${text.length <= SHORT ? text.replaceAll(" ", "\u00a0") : text}\u2069`;
}

/** The sentence without markup; names stand in quotation marks. */
export function plain(words: Words, pieces: Piece[]): string {
  return pieces
    .map((piece) => (piece.kind === "text" ? piece.text : piece.kind === "number" ? words.format.number(piece.value) : words.t("segments.quoted", { text: isolated(piece.text) })))
    .join("")
    .replace(/ +/g, " ")
    .trim();
}
