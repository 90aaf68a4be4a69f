import { Fragment, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { Failure, Loading, Ltr, Modal, More, Name, Text, useDebouncedValue } from "@/ui";
import { itemsOf, useBehind, useSubtraction } from "../queries";
import type { Definition } from "../types";

/** Who stands behind a figure. */
function People({ id, reason, title, close }: { id: number; reason: string; title: string; close: () => void }) {
  const { t } = useTranslation();
  const people = useBehind(id, reason);
  const items = itemsOf(people.data);
  return (
    <Modal opened onClose={close} title={<span className="hd-cap" style={{ display: "block" }}>{title}</span>} closeButtonProps={{ "aria-label": t("app.close") }}>
      {people.isError && <Failure error={people.error} />}
      {people.isPending && <Loading rows={4} />}
      <ul className="hd-list">
        {items.map((one) => (
          <li key={one.person_id} className="hd-line">
            <Link className="hd-link hd-grow" to={`/people/${String(one.person_id)}`}><Name>{one.name ?? one.email ?? String(one.person_id)}</Name>{one.email && one.name && <span className="hd-clip hd-dim hd-small"><Ltr>{one.email}</Ltr></span>}</Link>
          </li>
        ))}
      </ul>
      <More pages={people} />
    </Modal>
  );
}

/** Everybody who was chosen, minus who may not or shall not get it: the figures are those of the sending itself. */
export function SubtractionView({ definition, id, resendOf }: { definition: Definition; id: number; resendOf: number | null }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [shown, setShown] = useState<{ reason: string; title: string } | null>(null);
  const { audience, topic, skip_seen } = definition;
  const template = definition.variants[0]?.template;
  const [asked] = useDebouncedValue({ audience, topic, skip_seen, resend_of: resendOf, ...(template ? { template } : {}) }, 300);
  const isComplete = asked.topic !== "" && (asked.audience.include.length > 0 || asked.audience.tree !== null || resendOf !== null);
  const sum = useSubtraction(asked, isComplete);
  if (!isComplete) return <Text c="dimmed" fz="sm">{t("campaigns.nobody_yet")}</Text>;
  if (sum.isError) return <Failure error={sum.error} retry={() => void sum.refetch()} />;
  if (!sum.data) return <Loading rows={1} />;
  const { steps, recipients } = sum.data;
  return (
    <div aria-live="polite">
      <ul className="hd-sum">
        <li><div className="hd-sum-whole"><b className="hd-num">{format.number(sum.data.audience)}</b> <small>{t("campaigns.chosen")}</small></div></li>
        {steps.map((one) => (
          <Fragment key={one.reason}>
            <li><i aria-hidden>−</i><button type="button" onClick={() => { setShown({ reason: one.reason, title: t(`campaigns.minus.${one.reason}`) }); }}><b className="hd-num">{format.number(one.people)}</b><small>{t(`campaigns.minus.${one.reason}`)}</small></button></li>
          </Fragment>
        ))}
        <li><i aria-hidden>=</i><button type="button" data-total onClick={() => { setShown({ reason: "", title: t("campaigns.recipients") }); }}><b className="hd-num">{format.number(recipients)}</b><small>{t("campaigns.recipients")}</small></button></li>
      </ul>
      <Text c="dimmed" fz="sm" mt={8}>{t("campaigns.counted_at", { at: format.clock(sum.data.as_of) })} {t("campaigns.caps_later")}</Text>
      {shown && <People id={id} reason={shown.reason} title={shown.title} close={() => { setShown(null); }} />}
    </div>
  );
}
