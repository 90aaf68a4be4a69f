import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { JourneyWords } from "@/features/journeys/describe";
import { PersonLine } from "@/features/people/PersonLine";
import { Card, MailFrame, Modal, Text } from "@/ui";
import type { Sample } from "./types";

/** Mails as some people would have got them, with what was known of them at that moment. */
export function Samples({ samples, words }: { samples: Sample[]; words: JourneyWords }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<Sample | null>(null);
  if (samples.length === 0) return null;
  return (
    <Card title={t("rehearsals.samples")} flush>
      {samples.map((one) => (
        <button key={`${one.journey} ${one.node} ${String(one.person_id)} ${one.at}`} type="button" className="hd-row hd-plain" style={{ flexWrap: "wrap" }} onClick={() => { setOpen(one); }}>
          <PersonLine id={one.person_id} />
          <Text component="span" className="hd-grow" style={{ flexBasis: 220 }}><bdi>{one.subject ?? one.problem}</bdi></Text>
          <Text component="span" c="dimmed" fz="sm">{words.format.dateTime(one.at)}</Text>
        </button>
      ))}
      <Modal opened={open !== null} onClose={() => { setOpen(null); }} title={<bdi>{open?.subject}</bdi>} size="xl" closeButtonProps={{ "aria-label": t("app.close") }}>
        {open?.html ? <MailFrame html={open.html} subject={open.subject ?? ""} /> : <Text><bdi dir="ltr">{open?.problem}</bdi></Text>}
      </Modal>
    </Card>
  );
}
