import { useEffect, type RefObject } from "react";

// What the drag-and-drop library says of elements that can be dragged: in English, and as if the space bar did it.
const CLAIMS = ["aria-roledescription", "aria-pressed", "aria-grabbed", "aria-disabled"];
const CLAIMED = CLAIMS.map((name) => `[${name}]`).join(", ");

function tidy(shell: HTMLElement, description: string): void {
  for (const element of shell.querySelectorAll<HTMLElement>(`:is([data-puck-component], [data-puck-drawer-item]):is(${CLAIMED}, [aria-describedby^="dnd-kit"])`)) {
    for (const name of CLAIMS) element.removeAttribute(name);
    element.setAttribute("aria-describedby", description);
  }
  // Its announcements name blocks by their ids, in English: the editor says itself what was moved where.
  for (const region of document.querySelectorAll("[id^='dnd-kit-announcement']")) {
    for (const name of ["role", "aria-live", "aria-atomic"]) region.removeAttribute(name);
    region.setAttribute("hidden", "");
  }
}

/** Keeps what assistive technology hears about blocks true: `description` is the id of a text of ours. */
export function useTidy(shell: RefObject<HTMLElement | null>, description: string): void {
  useEffect(() => {
    const element = shell.current;
    if (!element) return;
    const run = () => { tidy(element, description); };
    const observer = new MutationObserver(run);
    observer.observe(element, { subtree: true, childList: true, attributes: true, attributeFilter: [...CLAIMS, "aria-describedby"] });
    const elsewhere = new MutationObserver(run);
    elsewhere.observe(document.body, { childList: true });
    run();
    return () => { observer.disconnect(); elsewhere.disconnect(); };
  }, [shell, description]);
}
