import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useLanguage } from "@/i18n/useFormat";
import { Text } from "@/ui";
import type { Use } from "./queries";

/** The segments and journeys that ask for something. */
export function UsesList({ uses }: { uses: Use[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (uses.length === 0) return <Text c="dimmed">{t("events.unused")}</Text>;
  return (
    <ul className="hd-list">
      {uses.map((use) => (
        <li key={use.kind + use.key} className="hd-line">
          <span className="hd-grow">
            <Link className="hd-textlink" to={`/${use.kind}s/${use.key}`}><bdi>{use.names[""] ?? use.names[language] ?? use.names.en ?? use.key}</bdi></Link>
            {use.properties.length > 0 && <span className="hd-dim hd-small" style={{ display: "block" }}><bdi>{use.properties.join(" · ")}</bdi></span>}
          </span>
          <span className="hd-dim hd-small">{t(`events.use.${use.kind}`)}</span>
        </li>
      ))}
    </ul>
  );
}
