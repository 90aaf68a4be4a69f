import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, Failure, Group, Ltr, Name, Note, Stack, State, Text, TextInput } from "@/ui";
import { SenderForm } from "./SenderForm";
import { useDropSender, usePauseSender, useTestSender } from "./queries";
import type { Sender, SenderKind, Tried } from "./types";

const TONES = { working: "yes", failing: "wait", broken: "no", paused: "calm", full: "wait" } as const;

function Answer({ tried }: { tried: Tried }) {
  const { t } = useTranslation();
  return (
    <Note tone={tried.end === "accepted" ? "yes" : "no"}>
      {t(`channels.tried.${tried.end}`)} <Ltr>{[tried.code, tried.text].filter(Boolean).join(" ")}</Ltr>
    </Note>
  );
}

function TestForm({ sender, mine }: { sender: Sender; mine: string }) {
  const { t } = useTranslation();
  const [to, setTo] = useState(mine);
  const test = useTestSender(sender.id);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => { event.preventDefault(); test.mutate(to); };
  return (
    <Stack gap="xs">
      <form onSubmit={submit}>
        <Group align="end" gap="xs">
          <TextInput required type="email" dir="ltr" style={{ flex: "1 1 220px" }} label={t("channels.test_to")} value={to} onChange={(event) => { setTo(event.currentTarget.value); }} />
          <Button type="submit" loading={test.isPending}>{t("channels.test_send")}</Button>
        </Group>
      </form>
      {test.isError && <Failure error={test.error} />}
      {test.data && <Answer tried={test.data} />}
    </Stack>
  );
}

interface Props {
  sender: Sender;
  kinds: SenderKind[];
  locked: boolean;
  mine: string;
  up: (() => void) | null;
}

/** One sender: what it is, how it fares, and what can be done about it. */
export function SenderRow({ sender, kinds, locked, mine, up }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const [step, setStep] = useState<"shown" | "changing" | "testing" | "asking">("shown");
  const pause = usePauseSender(sender.id);
  const drop = useDropSender(sender.id);
  if (step === "changing") return <li className="hd-row"><div className="hd-grow"><SenderForm sender={sender} kinds={kinds} done={() => { setStep("shown"); }} /></div></li>;
  const room = sender.room === null ? t("channels.today", { number: format.number(sender.taken) }) : t("channels.today_of", { number: format.number(sender.taken), most: format.number(sender.room) });
  return (
    <li className="hd-row" style={{ flexWrap: "wrap" }}>
      <span className="hd-grow" style={{ flexBasis: 240 }}>
        <Name>{sender.name}</Name>
        <Text component="span" display="block" c="dimmed" fz="sm">{t(`channels.kind.${sender.kind}`)} · {t(`channels.stream.${sender.stream}`)} · {room}</Text>
        {sender.from_email && <Text component="span" display="block" c="dimmed" fz="sm"><Ltr>{sender.from_email}</Ltr></Text>}
      </span>
      <State tone={TONES[sender.state]}>{t(`channels.state.${sender.state}`)}</State>
      {!locked && (
        <Group gap={4}>
          {up && <Button size="xs" variant="subtle" onClick={up}>{t("channels.up")}</Button>}
          <Button size="xs" variant="subtle" onClick={() => { setStep(step === "testing" ? "shown" : "testing"); }}>{t("channels.test")}</Button>
          <Button size="xs" variant="subtle" onClick={() => { setStep("changing"); }}>{t("channels.change")}</Button>
          <Button size="xs" variant="subtle" loading={pause.isPending} onClick={() => { pause.mutate(!sender.is_paused && sender.trouble === ""); }}>{t(sender.is_paused ? "channels.resume" : sender.trouble ? "channels.try_now" : "channels.pause")}</Button>
          <Button size="xs" variant="subtle" color="red" loading={drop.isPending} onClick={() => { if (step === "asking") drop.mutate(); else setStep("asking"); }}>{t(step === "asking" ? "channels.drop_sure" : "channels.drop")}</Button>
        </Group>
      )}
      <Stack gap="xs" style={{ flexBasis: "100%", minWidth: 0 }}>
        {step === "asking" && <Text fz="sm" c="var(--hd-no)" aria-live="polite">{t("channels.drop_ask")}</Text>}
        {sender.trouble && (
          <Note tone="no">
            {t("channels.trouble", { at: sender.failing_since ? format.dateTime(sender.failing_since) : "" })} <Ltr>{sender.trouble}</Ltr>
          </Note>
        )}
        {step === "testing" && <TestForm sender={sender} mine={mine} />}
        {pause.isError && <Failure error={pause.error} />}
        {drop.isError && <Failure error={drop.error} />}
      </Stack>
    </li>
  );
}
