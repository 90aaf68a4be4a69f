import { beforeAll, describe, expect, it } from "vitest";
import i18next from "i18next";
import en from "@/i18n/locales/en/settings.json";
import { factsOf, objectOf } from "@/features/settings/change";

const i18n = i18next.createInstance();
const members = new Map([["7", "Kati Vaher"]]);
const entry = (action: string, object: string, detail: Record<string, unknown> = {}) => ({ id: 1, at: "2026-03-01T12:00:00Z", actor: "user:7", action, object, detail });

beforeAll(async () => {
  await i18n.init({ lng: "en", resources: { en: { translation: { settings: en } } }, interpolation: { escapeValue: false } });
});

describe("a change in the list of changes", () => {
  it("names what it was about as people do", () => {
    expect(objectOf(entry("segment.update", "segment:21", { name: "Big spenders" }), members, "fa")).toBe("Big spenders");
    expect(objectOf(entry("journey.start", "journey:cart"), members, "fa")).toBe("cart");
    expect(objectOf(entry("journey.start", "journey:cart", { names: { en: "Abandoned cart", fa: "سبد" } }), members, "fa")).toBe("سبد");
    expect(objectOf(entry("journey.start", "journey:cart", { names: { en: "Abandoned cart" } }), members, "fa")).toBe("Abandoned cart");
    expect(objectOf(entry("member.role", "user:7", { role: "viewer" }), members, "fa")).toBe("Kati Vaher");
    expect(objectOf(entry("workspace.update", "workspace:1", { name: "Minu pood" }), members, "fa")).toBe("");
    expect(objectOf(entry("demo.fill", ""), members, "fa")).toBe("");
  });

  it("tells what was given, in words", () => {
    expect(factsOf(entry("member.role", "user:7", { role: "viewer" }), i18n.t, String)).toEqual(["Role: Viewer"]);
    expect(factsOf(entry("workspace.update", "workspace:1", { name: "Minu pood", currency: "EUR" }), i18n.t, String)).toEqual(["Name of the company: Minu pood", "Currency: EUR"]);
    expect(factsOf(entry("key.create", "key:1", { name: "shop", kind: "collect", scopes: [] }), i18n.t, String)).toEqual(["Kind: Send events"]);
    expect(factsOf(entry("demo.fill", "", { people: 5000 }), i18n.t, (value) => `<${String(value)}>`)).toEqual(["People: <5000>"]);
    expect(factsOf(entry("journey.publish", "journey:cart", { version_id: 9 }), i18n.t, String)).toEqual([]);
  });
});
