import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { ActionIcon, IconArrowBackUp, IconArrowForwardUp } from "@/ui";

interface Steps {
  canBack: boolean;
  canForth: boolean;
  back: () => void;
  forth: () => void;
}

const OWN = "input, textarea, select, .cm-editor";

/** Ctrl+Z and Ctrl+Shift+Z (or Ctrl+Y), as everywhere; while a field is being written in, the steps are the field's. Nobody else hears the keys. */
export function useUndoKeys({ back, forth }: Pick<Steps, "back" | "forth">) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const key = event.key.toLowerCase();
      if (!(event.ctrlKey || event.metaKey) || !["z", "y"].includes(key)) return;
      const field = event.target instanceof HTMLElement ? event.target.closest(OWN) : null;
      if (field?.matches(".cm-editor")) return;
      event.stopImmediatePropagation();
      if (field) return;
      event.preventDefault();
      if (event.shiftKey || key === "y") forth(); else back();
    };
    window.addEventListener("keydown", onKey, { capture: true });
    return () => { window.removeEventListener("keydown", onKey, { capture: true }); };
  }, [back, forth]);
}

export function UndoRedo({ canBack, canForth, back, forth }: Steps) {
  const { t } = useTranslation();
  return (
    <>
      <ActionIcon variant="default" size={36} disabled={!canBack} aria-label={t("edit.undo")} title={t("edit.undo")} onClick={back}><IconArrowBackUp size={18} className="hd-flip" aria-hidden /></ActionIcon>
      <ActionIcon variant="default" size={36} disabled={!canForth} aria-label={t("edit.redo")} title={t("edit.redo")} onClick={forth}><IconArrowForwardUp size={18} className="hd-flip" aria-hidden /></ActionIcon>
    </>
  );
}
