import { describe, expect, it } from "vitest";
import { makeFormat, parseWhole } from "@/i18n/format";

const NOON = "2026-11-21T12:00:00Z";

describe("format", () => {
  it("writes Persian dates in Jalali years with Persian digits, in the given zone", () => {
    const format = makeFormat("fa", "Asia/Tehran");
    expect(format.number(12408.5)).toBe("۱۲٬۴۰۸٫۵");
    expect(format.date(NOON)).toBe("۳۰ آبان ۱۴۰۵");
    expect(format.time(NOON)).toBe("۱۵:۳۰");
    expect(format.percent(0.254)).toBe("۲۵٫۴٪");
  });

  it("writes Arabic-Indic digits for Arabic, and the wide space of Estonian thousands", () => {
    expect(makeFormat("ar", "UTC").number(12408)).toBe("١٢٬٤٠٨");
    expect(makeFormat("et", "UTC").number(12408)).toBe("12\u00a0408");
    expect(makeFormat("fa", "UTC").about({ count: 12_400, error: 300 })).toBe("≈ ۱۲٬۴۰۰");
    expect(makeFormat("en", "UTC").about({ count: 12_400, error: 0 })).toBe("12,400");
    expect(makeFormat("en", "UTC").date(NOON)).toBe("21 Nov 2026");
  });

  it("says how long ago or ahead, in the largest whole unit", () => {
    const format = makeFormat("en", "UTC");
    const now = new Date(NOON);
    expect(format.ago("2026-11-21T11:59:30Z", now)).toBe("30 seconds ago");
    expect(format.ago("2026-11-19T11:00:00Z", now)).toBe("2 days ago");
    expect(format.ago("2026-11-24T12:00:00Z", now)).toBe("in 3 days");
    expect(format.ago(NOON, now)).toBe("now");
  });

  it.each([["60", 60], ["۳۰", 30], ["٣٠", 30], ["12,408", 12408], ["۱۲٬۴۰۸", 12408], ["", null], ["3x", null], ["-1", null], ["1234567890", null]])(
    "reads %s as %s",
    (text, number) => { expect(parseWhole(text)).toBe(number); },
  );
});
