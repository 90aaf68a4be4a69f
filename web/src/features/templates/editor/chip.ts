import { Node, mergeAttributes } from "@tiptap/core";
import { memberOf, variableOf } from "../liquid";

/** What a piece of Liquid is called in the text: a value by its name, all else as it is written. */
export function chipText(source: string): string {
  const variable = variableOf(source);
  if (!variable) return source;
  return variable.fallback === null ? memberOf(variable.path) : `${memberOf(variable.path)} · ${variable.fallback}`;
}

/** Liquid in a text: one thing, which the cursor steps over and no spell checker touches. */
export const Chip = Node.create({
  name: "liquid",
  group: "inline",
  inline: true,
  atom: true,
  addAttributes() {
    return {
      source: {
        default: "",
        parseHTML: (element) => element.getAttribute("data-liquid") ?? "",
        renderHTML: ({ source }) => ({ "data-liquid": source as string }),
      },
    };
  },
  parseHTML: () => [{ tag: "span[data-liquid]" }],
  renderHTML: ({ node, HTMLAttributes }) => ["span", mergeAttributes(HTMLAttributes, { class: "hd-chip", dir: "auto" }), chipText(node.attrs.source as string)],
  renderText: ({ node }) => node.attrs.source as string,
});
