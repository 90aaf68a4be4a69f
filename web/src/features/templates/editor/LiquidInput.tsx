import { useRef, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ActionIcon, IconBraces, Textarea, TextInput } from "@/ui";
import { VariablePicker } from "./VariablePicker";

interface LiquidInputProps {
  label: string;
  value: string;
  change: (value: string) => void;
  description?: ReactNode;
  error?: ReactNode;
  inputWrapperOrder?: ("label" | "input" | "description" | "error")[];
  placeholder?: string;
  /** An address or code: always left to right. */
  ltr?: boolean;
  rows?: number;
}

/** A line of text in which values may stand; the button puts one where the cursor is. */
export function LiquidInput({ label, value, change, ltr, rows, ...shown }: LiquidInputProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const field = useRef<(HTMLInputElement & HTMLTextAreaElement) | null>(null);
  const put = (source: string) => {
    const { selectionStart, selectionEnd } = field.current ?? {};
    const [from, to] = [selectionStart ?? value.length, selectionEnd ?? value.length];
    change(value.slice(0, from) + source + value.slice(to));
  };
  const button = (
    <ActionIcon size={26} variant="subtle" aria-label={t("templates.value.add_to", { field: label })} title={t("templates.value.add")} onClick={() => { setOpen(true); }}><IconBraces size={16} aria-hidden /></ActionIcon>
  );
  const given = { label, value, ...shown, rightSection: button, onChange: (event: { currentTarget: { value: string } }) => { change(event.currentTarget.value); }, dir: ltr ? "ltr" : "auto", ref: field };
  return (
    <>
      {rows ? <Textarea autosize minRows={rows} maxRows={14} {...given} /> : <TextInput {...given} />}
      {isOpen && <VariablePicker source={null} put={put} close={() => { setOpen(false); }} />}
    </>
  );
}
