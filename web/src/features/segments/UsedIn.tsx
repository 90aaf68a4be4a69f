import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { pickName } from "@/i18n/names";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { Card, Failure, IconFilter, IconMail, IconMoodSmile, IconRoute, IconSend, IconStairs, Loading, Name, Text } from "@/ui";
import { useUses } from "./queries";
import type { Use } from "./types";

/** Where what asks for a segment, an event or an attribute is shown. */
const KINDS = {
  segment: { Icon: IconFilter, to: (key: string) => `/segments/${key}` },
  journey: { Icon: IconRoute, to: (key: string) => `/journeys/${key}` },
  stage: { Icon: IconStairs, to: () => "/lifecycle" },
  persona: { Icon: IconMoodSmile, to: (key: string) => `/personas/${key}` },
  campaign: { Icon: IconMail, to: (key: string) => `/campaigns/${key}` },
  endpoint: { Icon: IconSend, to: (key: string) => `/data/endpoints/${key}` },
};

/** Where in a journey, in words: `wait_1.until` is the step "wait_1". */
function usePlace() {
  const { t } = useTranslation();
  return (place: string) => {
    const [head = "", ...rest] = place.split(".");
    if (head === "trigger" || head === "entry" || head === "goal" || head === "exit_on") return t(`segments.used.place.${head}`);
    return t(rest[0] === "until" ? "segments.used.place.wait" : "segments.used.place.branch", { step: head });
  };
}

function Row({ use }: { use: Use }) {
  const { t } = useTranslation();
  const format = useFormat();
  const language = useLanguage();
  const place = usePlace();
  const { Icon, to } = KINDS[use.kind];
  const places = [...new Set(use.places.map(place))];
  const older = use.is_current || use.version === null ? [] : [t("segments.used.older", { version: format.number(use.version) })];
  const said = use.kind === "journey" ? [...(use.status ? [t(`app.journey.${use.status}`)] : []), ...older, ...places] : [t(`segments.used.${use.kind}`)];
  return (
    <Link to={to(use.key)} className="hd-row">
      <Icon size={18} aria-hidden className="hd-dim" style={{ flex: "none" }} />
      <span className="hd-grow">
        <Name>{use.names[""] ?? pickName(use.names, language, use.key)}</Name>
        <span className="hd-dim hd-small">{[...said, ...use.properties].map((one, at) => <span key={one}>{at > 0 && " · "}<bdi>{one}</bdi></span>)}</span>
      </span>
    </Link>
  );
}

export function Uses({ uses }: { uses: Use[] }) {
  return <div>{uses.map((one) => <Row key={`${one.kind}-${one.key}-${String(one.version)}`} use={one} />)}</div>;
}

/** What is built on a segment. */
export function UsedIn({ id }: { id: number }) {
  const { t } = useTranslation();
  const uses = useUses(id);
  const items = uses.data?.items ?? [];
  return (
    <Card title={t("segments.used.title")} flush={items.length > 0}>
      {uses.isError && <Failure error={uses.error} retry={() => void uses.refetch()} />}
      {uses.isPending && <Loading rows={2} />}
      {uses.data && items.length === 0 && <Text c="dimmed">{t("segments.used.nowhere")}</Text>}
      <Uses uses={items} />
    </Card>
  );
}
