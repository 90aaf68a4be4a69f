import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { BackLink, Card, Empty, Failure, IconShieldCheck, Loading, More, Page, State } from "@/ui";
import { itemsOf, useErasures } from "./queries";
import type { Erasure } from "./types";

function Line({ one }: { one: Erasure }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [kind = "", id = ""] = one.asked_by.split(":");
  return (
    <li className="hd-line">
      <span className="hd-grow">
        {t("people.erase.number", { number: format.number(one.person_id) })}
        <span className="hd-dim hd-small" style={{ display: "block" }}>
          {t(`settings.actor.${kind}`, { id, defaultValue: one.asked_by })} · {format.dateTime(one.asked_at)}
        </span>
      </span>
      <State tone={one.step === "finished" ? "yes" : "wait"}>{t(`people.erase.step.${one.step}`)}</State>
    </li>
  );
}

/** Who asked to be forgotten, and how far that has come; nothing here tells who they were. */
export default function ErasedScreen() {
  const { t } = useTranslation();
  const erasures = useErasures();
  const items = itemsOf(erasures.data);
  return (
    <Page title={t("people.erase.list")} lead={t("people.erase.list_lead")} back={<BackLink to="/people">{t("app.place.people")}</BackLink>}>
      {erasures.isError && <Failure error={erasures.error} retry={() => void erasures.refetch()} />}
      <Card>
        {erasures.isPending && <Loading />}
        {erasures.data && items.length === 0 && <Empty icon={<IconShieldCheck size={40} />} title={t("people.erase.none")} />}
        <ul className="hd-list">{items.map((one) => <Line key={one.id} one={one} />)}</ul>
        <More pages={erasures} />
      </Card>
    </Page>
  );
}
