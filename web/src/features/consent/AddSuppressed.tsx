import { useState, type ChangeEvent, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Failure, Group, Ltr, Stack, Text, Textarea, TextInput, say } from "@/ui";
import { useSuppressList } from "./queries";

/** Addresses to keep silent about: typed, pasted from a table, or a CSV file. Lines that hold none stay to be put right. */
export function AddSuppressed({ done }: { done: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [text, setText] = useState("");
  const [detail, setDetail] = useState("");
  const add = useSuppressList((taken) => {
    say(t("consent.added", { count: taken.added, number: format.number(taken.added) }));
    if (taken.refused === 0) done();
    else if (taken.refused === taken.lines.length) setText(taken.lines.map((one) => one.text).join("\n"));
  });
  const read = (event: ChangeEvent<HTMLInputElement>) => {
    const [file] = event.currentTarget.files ?? [];
    if (file) void file.text().then(setText);
  };
  const send = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    add.mutate({ text, detail: detail.trim() });
  };
  return (
    <Card title={t("consent.suppress")}>
      <form onSubmit={send}>
        <Stack>
          <Textarea required dir="ltr" label={t("consent.addresses")} description={t("consent.addresses_hint")} placeholder={"ann@example.com\nbob@example.com"} minRows={3} autosize maxRows={12} value={text} onChange={(event) => { add.reset(); setText(event.currentTarget.value); }} />
          <label className="hd-small">{t("consent.from_file")} <input type="file" accept=".csv,.txt,text/csv,text/plain" onChange={read} /></label>
          <TextInput label={t("consent.detail")} placeholder={t("consent.detail_hint")} dir="auto" maxLength={500} value={detail} onChange={(event) => { setDetail(event.currentTarget.value); }} />
          {add.isError && <Failure error={add.error} />}
          {add.data && add.data.refused > 0 && (
            <div className="hd-note" data-tone="wait" aria-live="polite">
              {t("consent.taken", { added: format.number(add.data.added), known: format.number(add.data.known), refused: format.number(add.data.refused) })}
              {add.data.lines.slice(0, 5).map((one) => <Text key={one.line} component="span" display="block" fz="sm">{t("consent.line", { line: format.number(one.line) })} <Ltr>{one.text}</Ltr></Text>)}
            </div>
          )}
          <Group gap="xs">
            <Button type="submit" loading={add.isPending} disabled={!text.trim()}>{t("consent.suppress_do")}</Button>
            <Button variant="default" onClick={done}>{t("app.cancel")}</Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
