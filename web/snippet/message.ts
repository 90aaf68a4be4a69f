/** One message of Segment's protocol, with what the page says about itself. */
export type Fields = Record<string, unknown>;
export type Message = Fields & { type: string; messageId: string };

export const VERSION = "1";
const CAMPAIGN: Record<string, string> = {
  utm_source: "source", utm_medium: "medium", utm_campaign: "name", utm_term: "term", utm_content: "content", utm_id: "id",
};

export function newId(): string {
  // randomUUID is for secure pages only.
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function pageOf(): Fields {
  const { href, pathname, search } = window.location;
  return { path: pathname, referrer: document.referrer, search, title: document.title, url: href };
}

function campaignOf(): Fields {
  const found: Fields = {};
  new URLSearchParams(window.location.search).forEach((value, name) => {
    if (name.startsWith("utm_") && value) found[CAMPAIGN[name] ?? name.slice(4)] = value.slice(0, 500);
  });
  return found;
}

function contextOf(): Fields {
  const campaign = campaignOf();
  return {
    page: pageOf(),
    ...(Object.keys(campaign).length > 0 ? { campaign } : {}),
    locale: navigator.language,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    userAgent: navigator.userAgent,
    library: { name: "hudhud.js", version: VERSION },
  };
}

/** Make a message of what is known now: where and when it was said must not change while it waits. */
export function newMessage(type: string, fields: Fields): Message {
  return { type, messageId: newId(), timestamp: new Date().toISOString(), context: contextOf(), ...fields };
}
