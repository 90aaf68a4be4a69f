import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Button, Failure, Group, State, Text, Textarea, say } from "@/ui";
import { useResubmit } from "./queries";
import { RESENDABLE } from "./reasons";
import type { Reject } from "./types";

/** The message to read and correct, without the fields that it leaves open. */
function pretty(body: string): string {
  const found = toMessage(body);
  return found ? JSON.stringify(Object.fromEntries(Object.entries(found).filter(([, value]) => value !== null)), null, 2) : body;
}

function toMessage(text: string): Record<string, unknown> | undefined {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null && !Array.isArray(found) ? found as Record<string, unknown> : undefined;
  } catch {
    return undefined;
  }
}

function Correct({ reject }: { reject: Reject }) {
  const { t } = useTranslation();
  const [text, setText] = useState(pretty(reject.body));
  const again = useResubmit();
  const changed = text !== pretty(reject.body);
  const message = toMessage(text);
  const send = () => { again.mutate({ id: reject.id, message: changed ? message ?? null : null }, { onSuccess: () => { say(t("events.single_resent")); } }); };
  return (
    <div style={{ flexBasis: "100%" }}>
      <Textarea
        dir="ltr" aria-label={t("events.message")} autosize minRows={4} maxRows={20} spellCheck={false} styles={{ input: { fontFamily: "monospace", fontSize: 13 } }}
        readOnly={reject.resubmitted_at !== null} value={text} onChange={(event) => { setText(event.currentTarget.value); }} error={!message && t("events.no_json")}
      />
      {again.isError && <Failure error={again.error} />}
      {reject.resubmitted_at === null && (
        <Group mt={10}>
          <Button size="xs" disabled={!message || (!changed && !RESENDABLE.has(reject.reason))} loading={again.isPending} onClick={send}>
            {changed ? t("events.send_corrected") : t("events.send_again")}
          </Button>
        </Group>
      )}
    </div>
  );
}

/** One refused message: why, when, and what it was; opened it can be corrected and sent again. */
export function RejectLine({ reject }: { reject: Reject }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const [open, setOpen] = useState(false);
  return (
    <li className="hd-row" style={{ flexWrap: "wrap" }}>
      <button type="button" className="hd-bare hd-grow" style={{ flex: "1 1 0", width: "auto" }} aria-expanded={open} onClick={() => { setOpen(!open); }}>
        <span style={{ fontWeight: 600 }}>{t(`events.reason.${reject.reason}`)}</span>
        <span className="hd-clip hd-dim hd-small" dir="auto">{reject.detail}</span>
      </button>
      {reject.resubmitted_at && <State tone="yes">{t("events.was_resent")}</State>}
      <Text component="time" c="dimmed" fz="sm" dateTime={reject.received_at} title={format.dateTime(reject.received_at)}>{format.ago(reject.received_at, now)}</Text>
      {open && <Correct reject={reject} />}
    </li>
  );
}
