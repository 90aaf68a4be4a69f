import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, CodeBlock, Ltr, Stack, State, Text, type Tone } from "@/ui";
import type { ToldRequest } from "./types";

const TONES: Record<ToldRequest["state"], Tone> = { waiting: "wait", answered: "yes", failed: "no", withdrawn: "calm" };

function Try({ one }: { one: ToldRequest["tries"][number] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const seconds = format.number(Math.round(one.seconds * 100) / 100);
  return (
    <li>
      {format.dateTime(one.at)} · {one.code === null ? t("endpoints.no_answer") : <Ltr>{one.code}</Ltr>} · {t("endpoints.seconds", { number: seconds })}
      {one.detail && <span className="hd-dim"> · <bdi dir="auto">{one.detail}</bdi></span>}
    </li>
  );
}

/** What was sent, as far as it may be shown: secrets stand there by their names. */
function textOf({ method, url, headers, body }: ToldRequest): string {
  const head = headers.map((one) => `${one.name}: ${one.value ?? `${one.before ?? ""}{${one.secret ?? ""}}`}`);
  return [[`${method} ${url}`, ...head].join("\n"), body].filter(Boolean).join("\n\n");
}

/** What a step asked another system, each attempt, and how the answer begins; opened only where somebody wants to know. */
export function RequestTold({ request }: { request: ToldRequest }) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <div>
      <State tone={TONES[request.state]}>{t(`reasons.request.${request.state}`)}</State>
      <Button variant="subtle" size="compact-xs" aria-expanded={isOpen} onClick={() => { setOpen(!isOpen); }}>{t("reasons.request.ask")}</Button>
      {isOpen && (
        <Stack gap="xs" mt={4}>
          <CodeBlock plain code={textOf(request)} label={t("endpoints.body")} />
          {request.tries.length > 0 && <ol className="hd-small" style={{ margin: 0, paddingInlineStart: 20 }}>{request.tries.map((one) => <Try key={one.at} one={one} />)}</ol>}
          {request.reply && <><Text fz="sm" fw={600}>{t("endpoints.reply")}</Text><CodeBlock plain code={request.reply} label={t("endpoints.reply")} /></>}
        </Stack>
      )}
    </div>
  );
}
