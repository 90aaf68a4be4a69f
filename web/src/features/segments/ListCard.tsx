import { useRef, useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Failure, Group, Ltr, Note, Stack, Text } from "@/ui";
import { useChangeList, type Told } from "./queries";
import type { Segment } from "./types";

const MOST_SHOWN = 200;

function Outcome({ told, belongs }: { told: Told; belongs: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const people = t("segments.build.finds", { count: told.found, number: format.number(told.found) });
  return (
    <div role="status">
      <Note tone={told.unknown.length > 0 ? "wait" : "yes"}>
        {t(belongs ? "segments.list.put" : "segments.list.taken", { people })}
        {told.unknown.length > 0 && <> {t("segments.list.unknown", { count: told.unknown.length, number: format.number(told.unknown.length) })}</>}
      </Note>
      {told.unknown.length > 0 && (
        <ul className="hd-list" style={{ maxHeight: 220, overflow: "auto", marginBlockStart: 8 }} tabIndex={0}>
          {told.unknown.slice(0, MOST_SHOWN).map((one) => (
            <li key={one.line} className="hd-small"><span className="hd-dim">{t("segments.list.line", { number: format.number(one.line) })}</span> <Ltr>{one.text}</Ltr></li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Puts people into a list or takes them out: typed, pasted, or from a file. */
export function ListCard({ segment }: { segment: Segment }) {
  const { t } = useTranslation();
  const format = useFormat();
  const file = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [belongs, setBelongs] = useState(true);
  const change = useChangeList(segment.id, () => { setText(""); });
  const send = (lines: string, next: boolean) => { setBelongs(next); change.mutate({ belongs: next, lines: lines.split(/\r\n|\n|\r/) }); };
  const submit = (event: SyntheticEvent<HTMLFormElement>) => { event.preventDefault(); send(text, true); };
  const waiting = segment.waiting ?? 0;
  return (
    <Card title={t("segments.list.title")}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Text c="dimmed">{t("segments.list.lead")}</Text>
          <textarea className="hd-lines" rows={4} dir="ltr" aria-label={t("segments.list.who")} placeholder={"ada@shop.example\nc-1042"} value={text} onChange={(event) => { setText(event.target.value); }} />
          <Group gap="xs">
            <Button type="submit" disabled={!text.trim()} loading={change.isPending && belongs}>{t("segments.list.add")}</Button>
            <Button variant="default" disabled={!text.trim()} loading={change.isPending && !belongs} onClick={() => { send(text, false); }}>{t("segments.list.remove")}</Button>
            <Button variant="subtle" disabled={change.isPending} onClick={() => { file.current?.click(); }}>{t("segments.list.file")}</Button>
            <input ref={file} type="file" accept=".csv,.txt,.tsv,text/*" hidden onChange={(event) => {
              const chosen = event.currentTarget.files?.[0];
              event.currentTarget.value = "";
              if (chosen) void chosen.text().then((lines) => { send(lines, true); });
            }} />
          </Group>
          {change.isError && <Failure error={change.error} />}
          {change.data && <Outcome told={change.data} belongs={belongs} />}
          {waiting > 0 && <Text c="dimmed" fz="sm" role="status">{t("segments.list.waiting", { people: t("segments.build.finds", { count: waiting, number: format.number(waiting) }) })}</Text>}
        </Stack>
      </form>
    </Card>
  );
}
