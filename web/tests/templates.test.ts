import { describe, expect, it } from "vitest";
import { addLanguage, dropLanguage, emptyCopy, makeBlock, putCopy, withMode, type Work } from "@/features/templates/editor/change";
import { chipText } from "@/features/templates/editor/chip";
import { KINDS } from "@/features/templates/editor/kinds";
import { flatten, fromShell, isSame, toId, toShell, type Item } from "@/features/templates/editor/mapping";
import { findingsIn, placeOf } from "@/features/templates/editor/places";
import { readValue, writeValue } from "@/features/templates/editor/tests";
import { catalogueOf, isSure } from "@/features/templates/editor/variables";
import { piecesOf, variableOf, writeVariable } from "@/features/templates/liquid";
import { onDarkScreen } from "@/features/templates/preview/dark";
import { likelyEvent } from "@/features/templates/preview/events";
import { fromEditor, plainFromEditor, plainToEditor, toEditor } from "@/features/templates/rich";
import { findRows } from "@/features/templates/rows";
import type { BlockOf, Document, Finding, TemplateRow } from "@/features/templates/types";

const DOCUMENT: Document = {
  version: 1,
  service: true,
  frame: false,
  blocks: [
    { id: "h", type: "heading", text: "Hi {{ person.first_name | default: \"you\" }}", level: 2, show_if: { all: [{ path: "person.plan", op: "is", value: "gold" }] } },
    { type: "columns", columns: [{ width: 30, blocks: [{ type: "text", id: "a", html: "<p>One</p>" }] }, { blocks: [{ type: "button", id: "b", text: "Go", href: "https://x.example" }] }], id: "c", stack: false },
    { type: "products", id: "p", style: { background: "panel" } },
  ],
};

/** What TipTap gives back for what it was given, as far as chips go: attributes escaped as the browser writes them. */
const written = (html: string) => html.replace(/<span data-liquid="([^"]*)"><\/span>/g, '<span data-liquid="$1" class="hd-chip" dir="auto">words</span>');

describe("blocks in the shell", () => {
  it("come back the same, members in the same order", () => {
    expect(JSON.stringify(fromShell(toShell(DOCUMENT), DOCUMENT))).toBe(JSON.stringify(DOCUMENT));
    const every: Document = { version: 1, blocks: KINDS.map(({ kind }, index) => makeBlock(kind, `k${String(index)}`)) };
    expect(JSON.stringify(fromShell(toShell(every), every))).toBe(JSON.stringify(every));
  });

  it("keep what stood in a column that is taken away", () => {
    const data = toShell(DOCUMENT);
    const columns = data.content[1] as Item;
    const block = columns.props.block as BlockOf<"columns">;
    const fewer = { ...data, content: [{ ...columns, props: { ...columns.props, block: { ...block, columns: block.columns.slice(0, 1) } } }] };
    const [made] = fromShell(fewer, DOCUMENT).blocks as [BlockOf<"columns">];
    expect(made.columns.map((one) => one.blocks.map((inner) => inner.id))).toEqual([["a", "b"]]);
  });

  it("have ids that the server takes, the same each time", () => {
    const long = "columns-3f0a9b52-7c1e-4f6d-9a51-0123456789ab";
    expect(toId(long)).toBe("3f0a9b52-7c1e-4f6d-9a51-0123456789ab");
    expect(toId("b1234567")).toBe("b1234567");
    expect(fromShell({ content: [{ type: "divider", props: { id: long, block: { type: "divider", id: "new" } } }] }, DOCUMENT).blocks[0]?.id).toBe(toId(long));
  });

  it("are listed in reading order, and compared whatever the order of their members", () => {
    expect(flatten(DOCUMENT.blocks).map(({ block, depth }) => [block.id, depth])).toEqual([["h", 0], ["c", 0], ["a", 1], ["b", 1], ["p", 0]]);
    expect(isSame({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 })).toBe(true);
    expect([isSame({ a: 1 }, { a: 1, b: 2 }), isSame([1, 2], [2, 1]), isSame({ a: undefined }, { b: undefined }), isSame([], {})]).toEqual([false, false, false, false]);
  });
});

describe("text with Liquid", () => {
  it.each([
    "<p>Hello {{ person.first_name | default: \"friend\" }}!</p>",
    "<p>{% if person.age < 18 and person.name != \"A>B\" %}young{% else %}old{% endif %}</p>",
    "<p>a &amp; b &lt; c</p><ul><li><p>x</p></li></ul>",
    "<p><a href=\"https://x.example/?a=1&amp;b=2\">{{ event.title }}</a></p>",
    "<p>{{ 'it''s' }} {{ x | append: '<b>' }}</p>",
  ])("survives the editor: %s", (html) => {
    expect(fromEditor(written(toEditor(html)))).toBe(html);
  });

  it("keeps Liquid in the address of a link, with quotes that an attribute can hold", () => {
    const html = `<p><a href="{{ event.url | default: 'https://x.example' }}?n={{ person.id }}">go</a></p>`;
    expect(toEditor(html)).toBe(html);
    expect(fromEditor(html.replaceAll("'", "&quot;"))).toBe(html);
  });

  it("leaves the direction of paragraphs to their words", () => {
    expect(fromEditor("<p dir=\"auto\">سلام</p><ol dir=\"auto\"><li dir=\"auto\"><p dir=\"auto\">x</p></li></ol>")).toBe("<p>سلام</p><ol><li><p>x</p></li></ol>");
  });

  it.each(["Hi {{ person.first_name | default: \"<b>\" }} & co <3", "{% if a < 3 %}x{% endif %}", "", "a\u00a0b \"c\""])("survives a line of plain text: %s", (text) => {
    expect(plainFromEditor(written(plainToEditor(text)))).toBe(text);
  });

  it("is cut and put together byte for byte", () => {
    const text = "a {{ b }} {% c %}{{d}} }} {{";
    expect(piecesOf(text).map((one) => one.source).join("")).toBe(text);
    expect(piecesOf(text).filter((one) => one.kind === "liquid").map((one) => one.source)).toEqual(["{{ b }}", "{% c %}", "{{d}}"]);
  });

  it("reads a value and its fallback, and nothing that is more", () => {
    expect(variableOf("{{ person.first_name | default: 'you' }}")).toEqual({ path: "person.first_name", fallback: "you" });
    expect(variableOf("{{person.city}}")).toEqual({ path: "person.city", fallback: null });
    expect([variableOf("{{ a | upcase }}"), variableOf("{% if a %}"), variableOf("{{ a | default: b }}")]).toEqual([null, null, null]);
    expect([chipText("{{ person.city | default: 'x' }}"), chipText("{{ a | upcase }}")]).toEqual(["city · x", "{{ a | upcase }}"]);
  });

  it.each(["friend", "you \"there\"", "it's", "\"both\" it's"])("writes a fallback that is read again: %s", (fallback) => {
    const read = variableOf(writeVariable({ path: "person.x", fallback }));
    expect(read?.fallback?.replaceAll("’", "'")).toBe(fallback);
  });
});

describe("a template in hand", () => {
  const work: Work = { names: { en: "A" }, languages: { en: { mode: "html", subject: "S", preheader: "P", text: "", html: "<p>\r\n\t</p>", inline_css: true } } };

  it("gets a language that is a copy or empty, and changes in one language only", () => {
    const both = addLanguage(work, "fa", "en");
    expect(both.languages.fa).toEqual(both.languages.en);
    const changed = putCopy(both, "fa", { subject: "T" });
    expect([changed.languages.en?.subject, changed.languages.fa?.subject]).toEqual(["S", "T"]);
    expect(Object.keys(dropLanguage(changed, "en").languages)).toEqual(["fa"]);
    expect(addLanguage(work, "et", null).languages.et?.mode).toBe("blocks");
    expect(putCopy(work, "xx", { subject: "T" })).toBe(work);
  });

  it("keeps subject and preview text when it is written in another way, and has the source of that way alone", () => {
    const copy = withMode(work, "en", "mjml").languages.en;
    expect(copy).toEqual({ mode: "mjml", subject: "S", preheader: "P", text: "", mjml: "" });
    expect(withMode(work, "en", "html")).toBe(work);
    expect(Object.keys(emptyCopy("html")).sort()).toEqual(["html", "inline_css", "mode", "preheader", "subject", "text"]);
  });
});

describe("what was found", () => {
  it("is placed at its field", () => {
    expect(placeOf("languages.en.subject")).toEqual({ language: "en", part: "subject", block: null, field: "" });
    expect(placeOf("languages.en.document.blocks.b1.button.href")).toEqual({ language: "en", part: "document", block: "b1", field: "button.href" });
    expect(placeOf("languages.en.document.blocks[1].alt", ["x", "y"])).toEqual({ language: "en", part: "document", block: "y", field: "alt" });
    const finding = { level: "error", code: "empty", place: "languages.fa.subject", language: "fa", problem: "", remedy: "", detail: {} } satisfies Finding;
    expect(findingsIn([finding], "fa", []).map((one) => one.at.part)).toEqual(["subject"]);
    expect(findingsIn([finding], "en", [])).toEqual([]);
  });

  it("compares with numbers where numbers are typed", () => {
    expect([readValue("12"), readValue("12.50"), readValue("007"), readValue("true"), readValue("gold")]).toEqual([12, "12.50", "007", true, "gold"]);
    expect([writeValue(12), writeValue(false), writeValue(null), writeValue(undefined)]).toEqual(["12", "false", "", ""]);
  });
});

describe("around the editor", () => {
  it("offers what can be written as text, each once", () => {
    const known = catalogueOf(["city", "first name", "city"], [{ properties: { total: "number", products: "list", address: "object" } }, { properties: { total: "number" } }]).map((one) => one.path);
    expect(known.filter((one) => !isSure(one))).toEqual(["person.city", "event.total"]);
  });

  it("guesses which event a mail is about", () => {
    const events: { name: string; properties: Record<string, string> }[] = [{ name: "Page", properties: { url: "text" } }, { name: "Order", properties: { total: "number", products: "list" } }];
    expect(likelyEvent(["person.x", "event.products", "event.total"], events)).toBe("Order");
    expect([likelyEvent(["person.x"], events), likelyEvent(["event.other"], events)]).toEqual([null, null]);
  });

  it("shows what a mail says for dark screens, whatever this one is", () => {
    expect(onDarkScreen("@media (prefers-color-scheme:dark){a{}} @media screen and ( prefers-color-scheme : light ){b{}}")).toBe("@media (min-width: 0){a{}} @media screen and (max-width: 0){b{}}");
  });

  it("finds templates by words of any of their names, without case and marks, the newest first", () => {
    const row = (key: string, names: Record<string, string>, updated_at: string) => ({ id: 1, key, names, number: 1, languages: [], modes: {}, updated_at, has_draft: false, archived_at: null }) satisfies TemplateRow;
    const rows = [row("cart", { en: "Cart: left behind", fa: "سبد جا\u200cمانده" }, "2026-01-01"), row("hi", { et: "Tere tulemast, õied" }, "2026-02-01")];
    const found = (search: string) => findRows(rows, search, (one) => Object.values(one.names)[0] ?? "").map((one) => one.template.key);
    expect([found(""), found("LEFT cart"), found("oied"), found("جامانده"), found("cart x")]).toEqual([["hi", "cart"], ["cart"], ["hi"], ["cart"], []]);
  });
});
