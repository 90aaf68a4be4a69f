import type { Editor } from "@tiptap/core";
import { useEditorState } from "@tiptap/react";
import { useState, type ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { ActionIcon, Button, Group, IconBold, IconBraces, IconItalic, IconLink, IconList, IconListNumbers, IconStrikethrough, IconUnderline, Modal, Stack } from "@/ui";
import { LiquidInput } from "./LiquidInput";
import { VariablePicker } from "./VariablePicker";
import { useDesk, type Written } from "./writing";

interface Mark {
  name: string;
  Icon: ComponentType<{ size?: number }>;
  act: (editor: Editor) => void;
}

const MARKS: Mark[] = [
  { name: "bold", Icon: IconBold, act: (editor) => editor.chain().focus().toggleBold().run() },
  { name: "italic", Icon: IconItalic, act: (editor) => editor.chain().focus().toggleItalic().run() },
  { name: "underline", Icon: IconUnderline, act: (editor) => editor.chain().focus().toggleUnderline().run() },
  { name: "strike", Icon: IconStrikethrough, act: (editor) => editor.chain().focus().toggleStrike().run() },
  { name: "bulletList", Icon: IconList, act: (editor) => editor.chain().focus().toggleBulletList().run() },
  { name: "orderedList", Icon: IconListNumbers, act: (editor) => editor.chain().focus().toggleOrderedList().run() },
];

function LinkForm({ editor, close }: { editor: Editor; close: () => void }) {
  const { t } = useTranslation();
  const [href, setHref] = useState(String(editor.getAttributes("link").href ?? ""));
  const put = () => {
    const chain = editor.chain().focus().extendMarkRange("link");
    if (href.trim() === "") chain.unsetLink().run();
    // Without chosen words the address itself becomes the text.
    else if (editor.state.selection.empty && !editor.isActive("link")) editor.chain().focus().insertContent({ type: "text", text: href.trim(), marks: [{ type: "link", attrs: { href: href.trim() } }] }).run();
    else chain.setLink({ href: href.trim() }).run();
    close();
  };
  return (
    <Modal opened onClose={close} title={t("templates.format.link")} closeButtonProps={{ "aria-label": t("app.close") }}>
      <form onSubmit={(event) => { event.preventDefault(); put(); }}>
        <Stack>
          <LiquidInput label={t("templates.field.href")} value={href} change={setHref} placeholder="https://" ltr />
          <Group justify="flex-end"><Button type="submit">{t("templates.format.set")}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** The Liquid that is chosen in the text, if it is one value and nothing else. */
function chosenChip(editor: Editor): string | null {
  const { selection } = editor.state;
  const node = "node" in selection ? (selection.node as { type: { name: string }; attrs: { source?: string } }) : null;
  return node?.type.name === "liquid" ? node.attrs.source ?? "" : null;
}

function Bar({ editor, rich }: Written) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<"link" | "value" | null>(null);
  const state = useEditorState({
    editor,
    selector: ({ editor: now }) => ({ chip: chosenChip(now), active: rich ? [...MARKS.map(({ name }) => name), "link"].filter((name) => now.isActive(name)) : [] }),
  });
  const put = (source: string) => { editor.chain().focus().insertContent({ type: "liquid", attrs: { source } }).run(); };
  return (
    <>
      {rich && MARKS.map(({ name, Icon, act }) => (
        <ActionIcon key={name} size={32} variant={state.active.includes(name) ? "light" : "subtle"} color="gray" aria-pressed={state.active.includes(name)} aria-label={t(`templates.format.${name}`)} title={t(`templates.format.${name}`)} onMouseDown={(event) => { event.preventDefault(); }} onClick={() => { act(editor); }}><Icon size={17} aria-hidden /></ActionIcon>
      ))}
      {rich && <ActionIcon size={32} variant={state.active.includes("link") ? "light" : "subtle"} color="gray" aria-label={t("templates.format.link")} title={t("templates.format.link")} onMouseDown={(event) => { event.preventDefault(); }} onClick={() => { setOpen("link"); }}><IconLink size={17} aria-hidden /></ActionIcon>}
      <Button size="compact-sm" variant="subtle" leftSection={<IconBraces size={16} aria-hidden />} onMouseDown={(event) => { event.preventDefault(); }} onClick={() => { setOpen("value"); }}>{t(state.chip === null ? "templates.value.add" : "templates.value.edit")}</Button>
      {open === "link" && <LinkForm editor={editor} close={() => { setOpen(null); }} />}
      {open === "value" && <VariablePicker source={state.chip} put={put} close={() => { setOpen(null); }} />}
    </>
  );
}

/** Marks, links and values for the text that is being written. */
export function FormatBar() {
  const { t } = useTranslation();
  const { written } = useDesk();
  return (
    <div className="hd-formatbar" role="toolbar" aria-label={t("templates.format.title")}>
      {written ? <Bar {...written} /> : <span className="hd-dim hd-small">{t("templates.format.none")}</span>}
    </div>
  );
}
