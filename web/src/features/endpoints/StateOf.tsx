import { useTranslation } from "react-i18next";
import { State, type Tone } from "@/ui";
import type { Endpoint } from "./types";

/** How an endpoint is, in a word. */
export function StateOf({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation();
  const state = endpoint.state === "active" && endpoint.failing_since ? "failing" : endpoint.state;
  const tones: Record<typeof state, Tone> = { active: "yes", failing: "wait", paused: "calm", disabled: "no" };
  return <State tone={tones[state]}>{t(`endpoints.state.${state}`)}</State>;
}
