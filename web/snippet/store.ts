/** What is remembered from page to page: in localStorage once that is allowed, before that (or for ever) in this page only. */
const PREFIX = "hudhud:";

export class Store {
  readonly #page = new Map<string, string>();
  #isOpen = false;

  /** From now on keep everything, also what was said before. */
  open(): void {
    this.#isOpen = true;
    for (const [name, value] of this.#page) this.set(name, value);
  }

  get(name: string): string | null {
    return this.#page.get(name) ?? (this.#isOpen ? stored(() => localStorage.getItem(PREFIX + name)) : null);
  }

  /** Keep a value; null forgets it. */
  set(name: string, value: string | null): void {
    if (value === null) this.#page.delete(name);
    else this.#page.set(name, value);
    if (!this.#isOpen) return;
    // A browser may refuse (private windows, a full disk): this page still knows.
    stored(() => {
      if (value === null) localStorage.removeItem(PREFIX + name);
      else localStorage.setItem(PREFIX + name, value);
      return null;
    });
  }

  /** Names that begin like this and are kept by any page of this site. */
  names(beginning: string): string[] {
    if (!this.#isOpen) return [];
    const found = stored(() => Object.keys(localStorage).filter((name) => name.startsWith(PREFIX + beginning)).join("\n"));
    return found ? found.split("\n").map((name) => name.slice(PREFIX.length)) : [];
  }

  /** Forget everything, and keep nothing any more. */
  close(): void {
    this.#isOpen = true;
    for (const name of [...this.#page.keys(), ...this.names("")]) this.set(name, null);
    this.#isOpen = false;
  }
}

/** Did somebody on this browser agree, on an earlier page? Reading is all that happens before they do. */
export function agreedBefore(): boolean {
  return stored(() => localStorage.getItem(`${PREFIX}consent`)) === "yes";
}

function stored(act: () => string | null): string | null {
  try {
    return act();
  } catch {
    return null;
  }
}
