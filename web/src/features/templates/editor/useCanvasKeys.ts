import { useEffect, type RefObject } from "react";
import type { useBlocks } from "./shell";

type Blocks = ReturnType<typeof useBlocks>;

// Keys that the shell would take wherever the focus is.
function isShells(event: KeyboardEvent): boolean {
  return ["Delete", "Backspace"].includes(event.key) || ((event.ctrlKey || event.metaKey) && ["i", "z", "y"].includes(event.key.toLowerCase()));
}

function onBlock(event: KeyboardEvent, element: HTMLElement, id: string, blocks: Blocks, say: (moved: boolean) => void): boolean {
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    say(blocks.move(id, event.key === "ArrowUp" ? -1 : 1));
    // An element that is put elsewhere in the page loses the focus.
    requestAnimationFrame(() => { element.focus(); });
    return true;
  }
  if (event.key === "Delete" || event.key === "Backspace") {
    const next = element.nextElementSibling ?? element.previousElementSibling ?? element.parentElement?.closest("[data-block]");
    blocks.remove(id);
    if (next instanceof HTMLElement) next.focus();
    return true;
  }
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "d") {
    blocks.duplicate(id);
    return true;
  }
  const text = event.key === "Enter" ? element.querySelector<HTMLElement>("[contenteditable=true]") : null;
  text?.focus();
  return text !== null;
}

/** Blocks by keyboard: Alt with an arrow moves, Delete removes, Ctrl+D duplicates, Enter goes into the text and Escape out of it. */
export function useCanvasKeys(shell: RefObject<HTMLElement | null>, blocks: Blocks, say: (moved: boolean) => void): void {
  useEffect(() => {
    const element = shell.current;
    if (!element) return;
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const block = target.closest<HTMLElement>("[data-block]");
      const isText = target.isContentEditable || target.matches("input, textarea, select");
      if (block && isText && event.key === "Escape") block.focus();
      else if (block && target === block && onBlock(event, block, block.dataset.block ?? "", blocks, say)) event.preventDefault();
      if (isShells(event)) event.stopPropagation();
    };
    // With the focus nowhere, Ctrl+I would lead into a mode of the shell that the editor does not have.
    const onWindow = (event: KeyboardEvent) => {
      if (event.target === document.body && (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "i") event.stopImmediatePropagation();
    };
    element.addEventListener("keydown", onKey);
    window.addEventListener("keydown", onWindow, { capture: true });
    return () => {
      element.removeEventListener("keydown", onKey);
      window.removeEventListener("keydown", onWindow, { capture: true });
    };
  }, [shell, blocks, say]);
}
