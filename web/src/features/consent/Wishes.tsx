import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Button, CodeBlock, Note } from "@/ui";
import { useWishes } from "./queries";

/** What a person wishes beside topics, with its proof: a break until when, how often at most. Nothing where nothing was wished. */
export default function Wishes({ personId }: { personId: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const [isOpen, setIsOpen] = useState(false);
  const { data } = useWishes(personId);
  if (!data || data.log.length === 0) return null;
  const said = (until: string | null, days: number | null) => [
    ...(until && new Date(until) > now ? [t("consent.break_until", { at: format.date(until) })] : []),
    ...(days ? [t("consent.often", { span: format.span(days * 86_400) })] : []),
  ];
  const present = said(data.paused_until, data.every_days);
  return (
    <>
      {present.length > 0 && <Note tone="wait">{present.map((one) => <div key={one}>{one}</div>)}</Note>}
      <Button size="compact-xs" variant="subtle" aria-expanded={isOpen} onClick={() => { setIsOpen(!isOpen); }}>{t("consent.wishes")}</Button>
      {isOpen && (
        <ul className="hd-list">
          {data.log.map((one) => (
            <li key={one.id} className="hd-line hd-small">
              <div className="hd-grow">
                {[one.paused_until ? t("consent.break_until", { at: format.date(one.paused_until) }) : "", one.every_days ? t("consent.often", { span: format.span(one.every_days * 86_400) }) : ""].filter(Boolean).join(" · ") || t("consent.no_wish")}
                {" · "}{format.dateTime(one.at)}
                <CodeBlock plain code={JSON.stringify(one.proof, null, 1)} label={t("people.proof")} />
              </div>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
