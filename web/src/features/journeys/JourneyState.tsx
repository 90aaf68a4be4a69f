import { useTranslation } from "react-i18next";
import { State, type Tone } from "@/ui";

const TONES: Record<string, Tone> = { running: "yes", paused: "wait", draft: "calm", draining: "calm" };

export function JourneyState({ status }: { status: string }) {
  const { t } = useTranslation();
  return <State tone={TONES[status] ?? "calm"}>{t(`app.journey.${status}`)}</State>;
}
