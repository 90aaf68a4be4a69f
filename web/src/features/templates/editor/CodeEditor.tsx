import { html } from "@codemirror/lang-html";
import { liquid } from "@codemirror/lang-liquid";
import CodeMirror, { EditorState, EditorView } from "@uiw/react-codemirror";
import { useMemo } from "react";
import { useIsDark } from "@/ui";

// One line ends with \n alone: what a text has besides (\r) stays in it as it is, so that it comes back byte for byte.
const EXTENSIONS = [liquid({ base: html() }), EditorView.lineWrapping, EditorView.perLineTextDirection.of(true), EditorState.lineSeparator.of("\n")];
const SETUP = { highlightSpecialChars: false, foldGutter: false, autocompletion: false, highlightActiveLine: true };

/** HTML or MJML with Liquid, as its author wrote it. */
export default function CodeEditor({ value, change, label }: { value: string; change: (value: string) => void; label: string }) {
  const isDark = useIsDark();
  const extensions = useMemo(() => [...EXTENSIONS, EditorView.contentAttributes.of({ "aria-label": label })], [label]);
  return <CodeMirror className="hd-codemode" value={value} onChange={change} extensions={extensions} basicSetup={SETUP} theme={isDark ? "dark" : "light"} height="max(420px, calc(100dvh - 420px))" dir="ltr" indentWithTab={false} />;
}
