import { watchForms } from "./forms";
import { newId, newMessage, pageOf, type Fields, type Message } from "./message";
import { Sender } from "./sender";
import { agreedBefore, Store } from "./store";

export interface Options {
  /** Where to send; left out: where this script came from. */
  host: string;
  /** Store and send nothing before `consent(true)`. */
  needsConsent: boolean;
  /** Store nothing at all: whoever opens the next page is somebody new. */
  isCookieless: boolean;
}

const ANONYMOUS = "anonymousId";
const USER = "userId";
const CONSENT = "consent";

/** What a page says about its visitor. */
export class Hudhud {
  readonly #store = new Store();
  readonly #sender: Sender;
  readonly #options: Options;
  /** Messages that wait for consent; null: it is decided. */
  #held: Message[] | null;
  #isRefused = false;

  constructor(key: string, options: Options) {
    this.#options = options;
    this.#sender = new Sender(`${options.host}/v1/batch`, key, this.#store);
    this.#held = options.needsConsent && (options.isCookieless || !agreedBefore()) ? [] : null;
    if (this.#held === null) this.#begin();
    watchForms(({ form, fields, traits }) => {
      if (traits.email) this.identify(traits);
      this.track("Form Submitted", { form, ...fields });
    });
    // Both: phones end pages that are hidden without another word.
    window.addEventListener("pagehide", () => { this.#leave(); });
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") this.#leave(); });
  }

  page(name?: string, properties: Fields = {}): void {
    this.#say("page", { ...(name ? { name } : {}), properties: { ...pageOf(), ...(name ? { name } : {}), ...properties } });
  }

  track(event: string, properties: Fields = {}): void {
    this.#say("track", { event, properties });
  }

  /** Say who this is, what they are like, or both. */
  identify(who?: string | number | Fields | null, traits: Fields = {}): void {
    if (typeof who === "object" && who !== null) {
      this.#say("identify", { traits: who });
      return;
    }
    const before = this.#store.get(USER);
    // Somebody else on the same computer: they must not become one person.
    if (who && before && before !== String(who)) this.reset();
    if (who) this.#store.set(USER, String(who));
    this.#say("identify", { traits });
  }

  group(groupId: string | number, traits: Fields = {}): void {
    this.#say("group", { groupId: String(groupId), traits });
  }

  alias(userId: string | number, previousId?: string | number): void {
    const previous = String(previousId ?? this.#store.get(USER) ?? this.anonymousId());
    this.#store.set(USER, String(userId));
    this.#say("alias", { previousId: previous });
  }

  /** Forget who this is, for instance when they sign out. */
  reset(): void {
    this.#store.set(USER, null);
    this.#store.set(ANONYMOUS, null);
  }

  /** What the visitor has decided: what was held back is sent, or dropped with everything that is stored. */
  consent(isGiven: boolean): void {
    const held = this.#held ?? [];
    this.#held = null;
    this.#isRefused = !isGiven;
    if (!isGiven) {
      this.#sender.drop();
      this.#store.close();
      return;
    }
    this.#begin();
    if (!this.#options.isCookieless) this.#store.set(CONSENT, "yes");
    for (const message of held) this.#sender.add(message);
  }

  anonymousId(): string {
    let id = this.#store.get(ANONYMOUS);
    if (id === null) {
      id = newId();
      this.#store.set(ANONYMOUS, id);
    }
    return id;
  }

  /** What the few lines in a page call until this is there: a method's name and what to give it. */
  push([name, ...said]: [string, ...unknown[]]): void {
    const method: unknown = this[name as keyof this];
    if (typeof method === "function") method.apply(this, said);
    else console.warn(`hudhud: there is no ${name}`);
  }

  #begin(): void {
    if (this.#options.isCookieless) return;
    this.#store.open();
    this.#sender.adopt();
  }

  #leave(): void {
    if (!this.#isRefused) this.#sender.leave();
  }

  #say(type: string, fields: Fields): void {
    if (this.#isRefused) return;
    const user = this.#store.get(USER);
    const message = newMessage(type, { anonymousId: this.anonymousId(), ...(user ? { userId: user } : {}), ...fields });
    if (this.#held) this.#held.push(message);
    else this.#sender.add(message);
  }
}
