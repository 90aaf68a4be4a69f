import { EditorContent, useEditor } from "@tiptap/react";
import StarterKit from "@tiptap/starter-kit";
import { Placeholder } from "@tiptap/extensions";
import { registerOverlayPortal } from "@puckeditor/core";
import { useEffect, useRef } from "react";
import { fromEditor, plainFromEditor, plainToEditor, toEditor } from "../rich";
import { Chip } from "./chip";
import { useDesk } from "./writing";

interface TextFieldProps {
  value: string;
  change: (value: string) => void;
  label: string;
  placeholder: string;
  /** Marks, links and lists; else one paragraph of plain text. */
  rich: boolean;
}

// Only what a mail keeps (hudhud/content/blocks/rich.py); steps back are the whole editor's.
const RICH = { blockquote: false, code: false, codeBlock: false, heading: false, horizontalRule: false, undoRedo: false, trailingNode: false, link: { openOnClick: false, autolink: false, HTMLAttributes: { target: null, rel: null, class: null } } } as const;
const PLAIN = { ...RICH, bold: false, italic: false, underline: false, strike: false, link: false, bulletList: false, orderedList: false, listItem: false, listKeymap: false, hardBreak: false } as const;

/** A text on the canvas, written where it stands. A click in it is no click beside the blocks, which would choose none. */
export function TextField({ value, change, label, placeholder, rich }: TextFieldProps) {
  const { setWritten, direction } = useDesk();
  const shell = useRef<HTMLDivElement>(null);
  const last = useRef(value);
  const emit = useRef(change);
  useEffect(() => { emit.current = change; }, [change]);
  const read = rich ? fromEditor : plainFromEditor;
  const editor = useEditor({
    extensions: [StarterKit.configure(rich ? RICH : PLAIN), Chip, Placeholder.configure({ placeholder, showOnlyCurrent: false })],
    content: rich ? toEditor(value) : plainToEditor(value),
    textDirection: rich ? "auto" : direction,
    editorProps: {
      attributes: { role: "textbox", "aria-label": label, "aria-multiline": String(rich), class: "hd-write" },
      // In a line of plain text there is no second paragraph.
      handleKeyDown: (_, event) => !rich && event.key === "Enter",
    },
    onFocus: ({ editor: focused }) => { setWritten({ editor: focused, rich }); },
    onUpdate: ({ editor: changed }) => {
      const next = read(changed.getHTML());
      if (next === last.current) return;
      last.current = next;
      emit.current(next);
    },
  }, [rich, label, placeholder]);
  useEffect(() => {
    if (value === last.current) return;
    last.current = value;
    editor.commands.setContent(rich ? toEditor(value) : plainToEditor(value), { emitUpdate: false });
  }, [editor, value, rich]);
  useEffect(() => registerOverlayPortal(shell.current), []);
  useEffect(() => () => { setWritten((old) => (old?.editor === editor ? null : old)); }, [editor, setWritten]);
  return <div ref={shell} className="hd-written" onClick={(event) => { event.stopPropagation(); }}><EditorContent editor={editor} /></div>;
}
