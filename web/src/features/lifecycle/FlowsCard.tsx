import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Card, Num, State, Text } from "@/ui";
import { WayWords } from "./WayWords";
import type { Flow, Lifecycle } from "./types";

const MOST = 12;

function FlowLine({ flow, names }: { flow: Flow; names: Lifecycle["names"] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <li className="hd-line">
      <span className="hd-grow"><WayWords from={flow.from} to={flow.to} names={names} /></span>
      <State tone={flow.forward ? "yes" : "no"}>{t(flow.forward ? "lifecycle.forward" : "lifecycle.back")}</State>
      <b><Num>{format.number(flow.moves)}</Num></b>
    </li>
  );
}

/** How many went from which stage to which, the broadest way first. */
export function FlowsCard({ lifecycle }: { lifecycle: Lifecycle }) {
  const { t } = useTranslation();
  return (
    <Card title={t("lifecycle.flows")}>
      {lifecycle.flows.length === 0 && <Text c="dimmed">{t("lifecycle.flows_none")}</Text>}
      <ul className="hd-list">{lifecycle.flows.slice(0, MOST).map((flow) => <FlowLine key={`${String(flow.from)}-${String(flow.to)}-${String(flow.forward)}`} flow={flow} names={lifecycle.names} />)}</ul>
    </Card>
  );
}
