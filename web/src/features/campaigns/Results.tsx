import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Failure, Figure, Figures, State, Stack, Text } from "@/ui";
import { useTest, useWinner } from "./queries";
import type { Campaign, Numbers } from "./types";

/** What people did with it. Machines are told apart; shares are of what was delivered. */
function Main({ numbers }: { numbers: Numbers }) {
  const { t } = useTranslation();
  const format = useFormat();
  const note = (rate: number | null, count: number, word: string) => [rate === null ? t("campaigns.nothing_yet") : format.percent(rate), count > 0 && t(word, { number: format.number(count) })].filter(Boolean).join(" · ");
  return (
    <Figures>
      <Figure label={t("campaigns.delivered")} value={format.number(numbers.delivered)} note={numbers.bounced > 0 && t("campaigns.bounced_note", { number: format.number(numbers.bounced) })} />
      <Figure label={t("campaigns.opened")} value={format.number(numbers.opened)} note={note(numbers.rates.open, numbers.machine_opened, "campaigns.machine")} />
      <Figure label={t("campaigns.clicked")} value={format.number(numbers.clicked)} note={note(numbers.rates.click, numbers.machine_clicked, "campaigns.machine")} />
      <Figure label={t("campaigns.unsubscribed")} value={format.number(numbers.unsubscribed)} note={note(numbers.rates.unsubscribe, numbers.complained, "campaigns.complained")} />
    </Figures>
  );
}

/** The variants side by side, and who decides. */
function Variants({ campaign, numbers }: { campaign: Campaign; numbers: Numbers }) {
  const { t } = useTranslation();
  const format = useFormat();
  const choose = useWinner(campaign.id);
  const test = useTest(campaign).data?.now.variants ?? [];
  const best = (name: string) => test.find((one) => one.name === name)?.best;
  const canChoose = campaign.state === "testing" || campaign.state === "undecided";
  const share = (rate: number | null) => (rate === null ? "–" : format.percent(rate));
  return (
    <Card title={t("campaigns.variants")}>
      {campaign.winner !== null && <Text mb="sm">{t(`campaigns.verdict.${campaign.verdict ?? "chosen"}`, { name: `\u2068${campaign.winner}\u2069`, at: campaign.decided_at ? format.dateTime(campaign.decided_at) : "" })}</Text>}
      {campaign.state === "undecided" && <Text mb="sm">{t("campaigns.undecided")}</Text>}
      {choose.isError && <Failure error={choose.error} />}
      <div className="hd-scroll">
        <table className="hd-variants">
          <thead><tr>{["variant", "sent", "opened", "clicked", "unsubscribed"].map((one) => <th key={one} scope="col">{t(`campaigns.${one}`)}</th>)}{test.length > 0 && <th scope="col">{t("campaigns.chance")}</th>}{canChoose && <th aria-label={t("campaigns.choose_this")} />}</tr></thead>
          <tbody>
            {numbers.variants.map((one) => (
              <tr key={one.name}>
                <td><bdi>{one.name}</bdi> {one.name === campaign.winner && <State tone="yes">{t("campaigns.winner")}</State>}</td>
                <td>{format.number(one.accepted)}</td>
                <td>{format.number(one.opened)} ({share(one.rates.open)})</td>
                <td>{format.number(one.clicked)} ({share(one.rates.click)})</td>
                <td>{format.number(one.unsubscribed)} ({share(one.rates.unsubscribe)})</td>
                {test.length > 0 && <td>{share(best(one.name) ?? null)}</td>}
                {canChoose && <td><Button size="compact-sm" variant="default" loading={choose.isPending} onClick={() => { choose.mutate(one.name); }}>{t("campaigns.choose_this")}</Button></td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

export function Results({ campaign, numbers }: { campaign: Campaign; numbers: Numbers }) {
  const { t } = useTranslation();
  return (
    <Stack gap={20}>
      <Main numbers={numbers} />
      {campaign.definition.variants.length > 1 && <Variants campaign={campaign} numbers={numbers} />}
      <details className="hd-small hd-dim">
        <summary>{t("campaigns.definitions")}</summary>
        <ul>{(["delivered", "opened", "clicked", "unsubscribed"] as const).map((one) => <li key={one}>{t(`campaigns.means.${one}`)}</li>)}</ul>
      </details>
    </Stack>
  );
}
