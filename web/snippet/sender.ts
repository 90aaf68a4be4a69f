import type { Message } from "./message";
import { newId } from "./message";
import type { Store } from "./store";

/** Beacons, and requests that outlive their page, may have 64 kB. */
const BATCH_BYTES = 60_000;
const MESSAGE_BYTES = 32_000;
const BATCH_MESSAGES = 100;
const MOST_WAITING = 1_000;
const GATHER_MS = 250;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
const QUEUE = "queue.";

/**
 * Messages on their way. Each stays (also for the next page) until the server has said that it is on disk; one that is sent
 * twice counts once, as the server knows it by its messageId.
 */
export class Sender {
  readonly #name = QUEUE + newId();
  #waiting: Message[] = [];
  #flying = 0;
  #failures = 0;
  #timer: number | undefined;
  readonly #handed = new WeakSet<Message>();

  constructor(readonly url: string, readonly key: string, readonly store: Store) {}

  add(message: Message): void {
    if (sizeOf(message) > MESSAGE_BYTES) {
      console.warn(`hudhud: a message may have ${MESSAGE_BYTES} bytes; dropped`, message.type);
      return;
    }
    this.#waiting.push(message);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.splice(this.#flying, 1);
    this.#keep();
    this.#soon(GATHER_MS);
  }

  /** Take over what earlier pages could not send. */
  adopt(): void {
    for (const name of this.store.names(QUEUE)) {
      if (name === this.#name) continue;
      this.#waiting.push(...read(this.store.get(name)));
      this.#keep();
      this.store.set(name, null);
    }
    if (this.#waiting.length > 0) this.#soon(0);
  }

  /** Forget what waits. */
  drop(): void {
    this.#waiting = [];
    this.#flying = 0;
    window.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#keep();
  }

  /** The page may end now: hand over what is not on its way. It stays in the store, as nobody tells us whether a beacon arrived. */
  leave(): void {
    let rest = this.#waiting.slice(this.#flying).filter((message) => !this.#handed.has(message));
    while (rest.length > 0) {
      const batch = firstOf(rest);
      if (!navigator.sendBeacon(this.url, this.#body(batch))) return;
      for (const message of batch) this.#handed.add(message);
      rest = rest.slice(batch.length);
    }
  }

  #body(batch: Message[]): string {
    return JSON.stringify({ batch, writeKey: this.key, sentAt: new Date().toISOString() });
  }

  #keep(): void {
    this.store.set(this.#name, this.#waiting.length > 0 ? JSON.stringify(this.#waiting) : null);
  }

  #soon(ms: number): void {
    if (this.#flying > 0 || this.#timer !== undefined || this.#waiting.length === 0) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = undefined;
      void this.#send();
    }, ms);
  }

  async #send(): Promise<void> {
    const batch = firstOf(this.#waiting);
    this.#flying = batch.length;
    const pause = await post(this.url, this.#body(batch));
    // Meanwhile somebody may have taken their consent back.
    if (this.#flying === 0) return;
    this.#flying = 0;
    if (pause === null) {
      const sent = new Set(batch);
      this.#waiting = this.#waiting.filter((message) => !sent.has(message));
      this.#failures = 0;
      this.#keep();
      this.#soon(0);
    } else {
      const backoff = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures) * (0.5 + Math.random() / 2);
      this.#failures += 1;
      this.#soon(Math.max(pause, backoff));
    }
  }
}

/** Send; return null when the server has decided, else how many ms it wants us to wait at least. */
async function post(url: string, body: string): Promise<number | null> {
  try {
    // text/plain needs no preflight.
    const answer = await fetch(url, { method: "POST", body, keepalive: true, credentials: "omit", headers: { "Content-Type": "text/plain" } });
    if (answer.status === 429 || answer.status === 408 || answer.status >= 500) {
      return 1_000 * Number(answer.headers.get("retry-after") ?? 0) || 0;
    }
    if (answer.status >= 400) console.warn(`hudhud: refused (${String(answer.status)})`, await answer.text());
    return null;
  } catch {
    return 0;
  }
}

/** As many messages as one request takes. */
function firstOf(messages: Message[]): Message[] {
  let size = 0;
  const end = messages.findIndex((message, place) => {
    size += sizeOf(message) + 1;
    return place > 0 && (size > BATCH_BYTES || place >= BATCH_MESSAGES);
  });
  // A copy: what is added meanwhile is not part of it.
  return messages.slice(0, end < 0 ? messages.length : end);
}

function sizeOf(message: Message): number {
  return new TextEncoder().encode(JSON.stringify(message)).length;
}

function read(text: string | null): Message[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? (found as Message[]) : [];
  } catch {
    return [];
  }
}
