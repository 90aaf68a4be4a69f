import { useTranslation } from "react-i18next";
import { useLanguage } from "@/i18n/useFormat";
import { ActionIcon, Button, IconPlus, IconTrash, Menu } from "@/ui";
import { languageName, OFFERED } from "../languages";

interface TabsProps {
  copies: Record<string, unknown>;
  language: string;
  wrong: Set<string>;
  choose: (language: string) => void;
  add: (language: string, from: string | null) => void;
  drop: (language: string) => void;
}

/** One tab a language; a new one begins as a copy of another or from nothing. */
export function LanguageTabs({ copies, language, wrong, choose, add, drop }: TabsProps) {
  const { t } = useTranslation();
  const ours = useLanguage();
  const there = Object.keys(copies);
  const missing = OFFERED.filter((one) => !there.includes(one));
  const name = (code: string) => languageName(code, ours);
  const onKey = (event: React.KeyboardEvent<HTMLElement>) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const isForth = (event.key === "ArrowRight") === (getComputedStyle(event.currentTarget).direction === "ltr");
    const next = there[(there.indexOf(language) + (isForth ? 1 : -1) + there.length) % there.length];
    if (next === undefined) return;
    choose(next);
    event.currentTarget.querySelector<HTMLElement>(`[data-language="${next}"]`)?.focus();
  };
  return (
    <div className="hd-languages">
      <div role="tablist" aria-label={t("templates.languages")} onKeyDown={onKey}>
        {there.map((one) => (
          <button key={one} type="button" role="tab" aria-selected={one === language} tabIndex={one === language ? 0 : -1} data-language={one} data-wrong={wrong.has(one) || undefined} onClick={() => { choose(one); }}>{name(one)}</button>
        ))}
      </div>
      <Menu position="bottom-start" shadow="md" width={260}>
        <Menu.Target><Button size="compact-sm" variant="subtle" leftSection={<IconPlus size={15} aria-hidden />}>{t("templates.language_add")}</Button></Menu.Target>
        <Menu.Dropdown className="hd-build-menu">
          {missing.map((one) => <Menu.Item key={one} onClick={() => { add(one, language); }}>{t("templates.language_from", { language: name(one), from: name(language) })}</Menu.Item>)}
        </Menu.Dropdown>
      </Menu>
      {there.length > 1 && <ActionIcon size={30} variant="subtle" color="gray" aria-label={t("templates.language_drop", { language: name(language) })} title={t("templates.language_drop", { language: name(language) })} onClick={() => { drop(language); }}><IconTrash size={16} aria-hidden /></ActionIcon>}
    </div>
  );
}
