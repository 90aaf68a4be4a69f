import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Failure, Group, SegmentedControl, Stack, Text, Textarea, say } from "@/ui";
import { useSetRules } from "./queries";
import { guess } from "./guess";
import type { EventPage, Mode, Violation } from "./types";
import { remedyText } from "./words";

function Broken({ one }: { one: Violation }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <li className="hd-line">
      <span className="hd-grow">
        <bdi style={{ fontWeight: 600 }}>{one.path || t("events.whole")}</bdi>
        <span className="hd-small" style={{ display: "block" }}>{remedyText(t, one)}</span>
      </span>
      <span className="hd-dim hd-small" title={format.dateTime(one.last_at)}>{t("events.times", { count: one.count, number: format.number(one.count) })}</span>
    </li>
  );
}

function read(text: string): Record<string, unknown> | undefined {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null && !Array.isArray(found) ? found as Record<string, unknown> : undefined;
  } catch {
    return undefined;
  }
}

/** What the event should look like, and what has broken that. */
export function RulesCard({ event }: { event: EventPage }) {
  const { t } = useTranslation();
  const [text, setText] = useState(event.rules ? JSON.stringify(event.rules, null, 2) : null);
  const [mode, setMode] = useState<Mode>(event.mode);
  const save = useSetRules(event.name);
  const rules = text === null ? null : read(text);
  const send = (given: Record<string, unknown> | null) => { save.mutate({ rules: given, mode }, { onSuccess: () => { say(t("events.rules_saved")); } }); };
  return (
    <Card title={t("events.rules")}>
      <Stack>
        <Text c="dimmed" mt={-8} fz="sm">{t("events.rules_lead")}</Text>
        {event.violations.length > 0 && <ul className="hd-list">{event.violations.map((one) => <Broken key={one.path + one.rule} one={one} />)}</ul>}
        {event.rules && event.violations.length === 0 && <Text fz="sm">{t("events.all_fit")}</Text>}
        {text === null
          ? <Button variant="default" onClick={() => { setText(JSON.stringify(guess(event.details), null, 2)); }}>{t("events.make_rules")}</Button>
          : (
            <>
              <Textarea
                label={t("events.schema")} dir="ltr" autosize minRows={6} maxRows={18} spellCheck={false} styles={{ input: { fontFamily: "monospace", fontSize: 13 } }}
                value={text} onChange={(change) => { setText(change.currentTarget.value); }} error={rules === undefined && t("events.no_json")}
              />
              <SegmentedControl
                fullWidth aria-label={t("events.mode_label")} value={mode} onChange={(value) => { setMode(value); }}
                data={[{ value: "warn", label: t("events.mode.warn") }, { value: "reject", label: t("events.mode.reject") }]}
              />
              <Text c="dimmed" fz="sm">{t(`events.mode_lead.${mode}`)}</Text>
              {save.isError && <Failure error={save.error} />}
              <Group gap="xs">
                <Button disabled={!rules} loading={save.isPending} onClick={() => { if (rules) send(rules); }}>{t("events.save_rules")}</Button>
                {event.rules && <Button variant="default" onClick={() => { send(null); }}>{t("events.drop_rules")}</Button>}
              </Group>
            </>
          )}
      </Stack>
    </Card>
  );
}
