import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { changeLanguage } from "@/i18n";
import { LANGUAGES, LANGUAGE_NAMES } from "@/i18n/languages";
import { useLanguage } from "@/i18n/useFormat";
import { Text } from "@/ui";

/** The two screens before the door: what Hudhud is on one side, the form on the other. */
export function SignInFrame({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <div className="hd-doors">
      <aside>
        <span style={{ display: "inline-flex", gap: 12, alignItems: "center", fontWeight: 680, fontSize: 22 }}>
          <img src="/hudhud.svg" alt="" width={38} height={38} className="hd-mark" />
          Hudhud
        </span>
        <h2>{t("setup.promise")}</h2>
        <p style={{ margin: 0, maxWidth: "34em", opacity: 0.86 }}>{t("setup.bird")}</p>
      </aside>
      <main>
        <div>{children}</div>
      </main>
    </div>
  );
}

/** Four languages by their own names; the page flips at once. */
export function LanguageChoice() {
  const { t } = useTranslation();
  const current = useLanguage();
  return (
    <fieldset style={{ border: 0, padding: 0, margin: 0 }}>
      <Text component="legend" fw={550} fz="sm" mb={8} p={0}>{t("app.language")}</Text>
      <div className="hd-choices">
        {LANGUAGES.map((one) => (
          <label key={one} className="hd-choice" lang={one}>
            <input type="radio" name="language" value={one} checked={one === current} onChange={() => void changeLanguage(one)} />
            {LANGUAGE_NAMES[one]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
