import { useTranslation } from "react-i18next";
import { State, type Tone } from "@/ui";
import type { State as Where } from "./types";

const TONES: Record<Where, Tone> = {
  draft: "calm", scheduled: "wait", materialising: "wait", sending: "wait", testing: "wait", undecided: "wait", paused: "no", cancelled: "calm", done: "yes",
};

export function CampaignState({ state }: { state: Where }) {
  const { t } = useTranslation();
  return <State tone={TONES[state]}>{t(`campaigns.state.${state}`)}</State>;
}
