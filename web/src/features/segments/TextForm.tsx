import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, CopyButton, Failure, Group, IconCheck, IconCopy, Loading, Ltr, Stack, Text, Textarea } from "@/ui";
import type { Condition } from "./condition";
import { useReadText, useText } from "./queries";
import { badTextOf, offsetOf } from "./text";

interface TextFormProps {
  tree: Condition;
  take: (tree: Condition) => void;
  close: () => void;
}

/** The conditions as text, to read, copy, paste and change. */
export function TextForm(props: TextFormProps) {
  const said = useText(props.tree);
  if (said.isError) return <Failure error={said.error} retry={() => void said.refetch()} />;
  return said.data ? <TextFields {...props} said={said.data.text} /> : <Loading rows={3} />;
}

function TextFields({ said, take, close }: TextFormProps & { said: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const area = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(said);
  const read = useReadText(take);
  const bad = badTextOf(read.error);
  useEffect(() => {
    const found = badTextOf(read.error);
    if (!found || !area.current) return;
    const at = offsetOf(area.current.value, found);
    area.current.focus();
    area.current.setSelectionRange(at, at);
  }, [read.error]);
  const place = bad && t("segments.text.wrong", { line: format.number(bad.line), column: format.number(bad.column) });
  return (
    <Stack gap="sm">
      <Textarea
        ref={area} label={t("segments.text.label")} description={t("segments.text.hint")} value={text} autoFocus
        dir="ltr" autosize minRows={4} maxRows={24} spellCheck={false} styles={{ input: { fontFamily: "monospace", fontSize: 14 } }}
        error={bad && <>{place} <Ltr>{bad.remedy}</Ltr></>}
        onChange={(event) => { read.reset(); setText(event.currentTarget.value); }}
      />
      {read.isError && !bad && <Failure error={read.error} />}
      <Group gap="xs">
        <Button loading={read.isPending} onClick={() => { read.mutate(text); }}>{t("segments.text.take")}</Button>
        <CopyButton value={text}>
          {({ copied, copy }) => <Button variant="default" leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />} onClick={copy}>{t(copied ? "app.copied" : "app.copy")}</Button>}
        </CopyButton>
        <Button variant="subtle" onClick={close}>{t("segments.text.close")}</Button>
      </Group>
      <Text c="dimmed" fz="sm">{t("segments.text.same")}</Text>
    </Stack>
  );
}
