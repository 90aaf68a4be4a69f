// /analytics.js: see docs/guide/website.md. Becomes window.hudhud, and says what pages said to it before it was there.
import { Hudhud, type Options } from "./hudhud";

type Waiting = [string, ...unknown[]][];

declare global {
  interface Window {
    hudhud?: Waiting | Hudhud;
  }
}

/** <script async src="…/analytics.js" data-key="hk_collect_…" data-consent="required" data-storage="none"> */
function start(script: HTMLScriptElement): void {
  const { key, host, consent, storage } = script.dataset;
  const before = window.hudhud;
  // Loaded twice, or without a key: the first one stays.
  if (!key || before instanceof Hudhud) return;
  const options: Options = {
    host: (host ?? new URL(script.src).origin).replace(/\/+$/, ""),
    needsConsent: consent === "required",
    isCookieless: storage === "none",
  };
  const hudhud = new Hudhud(key, options);
  window.hudhud = hudhud;
  for (const call of before ?? []) hudhud.push(call);
}

if (document.currentScript instanceof HTMLScriptElement) start(document.currentScript);
