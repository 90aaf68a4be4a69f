import { useState } from "react";
import { useTranslation } from "react-i18next";
import { problemOf } from "@/api/problem";
import { useEventNames } from "@/features/segments/queries";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { Failure, Group, Loading, MailFrame, NativeSelect, Note, SegmentedControl, Text, useDebouncedValue } from "@/ui";
import { FindingText } from "../editor/FindingText";
import { directionOf, languageName } from "../languages";
import { useEventSample, usePreview } from "../queries";
import type { Copies, Copy, Previewed } from "../types";
import { CLIP, onDarkScreen } from "./dark";
import { likelyEvent } from "./events";
import { PersonBar, type Viewer } from "./PersonBar";
import { TestSend } from "./TestSend";

const VIEWS = ["all", "desktop", "phone", "dark", "rtl", "text"] as const;
type View = (typeof VIEWS)[number];

function Frame({ view, said, children }: { view: View; said?: string; children: React.ReactNode }) {
  const { t } = useTranslation();
  return (
    <figure className="hd-frame" data-view={view}>
      <figcaption>{t(`templates.preview.view.${view}`)}{said && <> · <bdi>{said}</bdi></>}</figcaption>
      {children}
    </figure>
  );
}

function Facts({ answer }: { answer: Previewed }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className="hd-inboxline">
      <Text component="span" fw={640} dir="auto" className="hd-grow">{answer.subject === "–" ? t("templates.preview.no_subject") : answer.subject}</Text>
      <Text component="span" c="dimmed" fz="sm" dir="auto" className="hd-clip">{answer.preheader}</Text>
      <Text component="span" c={answer.size > CLIP ? "var(--hd-no)" : "dimmed"} fz="sm">{t("templates.preview.size", { kilobytes: format.number(Math.ceil(answer.size / 1024)) })}</Text>
    </div>
  );
}

/** Why there is nothing to see: a mistake in the mail, or something else. */
function Broken({ error }: { error: unknown }) {
  const { t } = useTranslation();
  const { code, data } = problemOf(error);
  if (code !== "template_error") return <Failure error={error} />;
  const told = data as { kind?: string; problem?: string; remedy?: string };
  return <Note tone="no">{t("templates.preview.broken")} <FindingText finding={{ code: told.kind ?? "", problem: told.problem ?? "", remedy: told.remedy ?? "", detail: {} }} /></Note>;
}

const NOBODY = { person_id: null, worst: null, event: {} };

/** A mail without a subject cannot be sent, but be looked at. */
function withSubject(copy: Copy | undefined): Copy | undefined {
  return copy && copy.subject.trim() === "" ? { ...copy, subject: "–" } : copy;
}

interface PaneProps {
  templateKey: string;
  copies: Copies;
  language: string;
  viewer: Viewer;
}

/** The mail as one person would get it, on every kind of screen at once; made by what will send it. */
export function PreviewPane({ templateKey, copies, language, viewer }: PaneProps) {
  const { t } = useTranslation();
  const ours = useLanguage();
  const [view, setView] = useState<View>("all");
  const [copy] = useDebouncedValue(copies[language], 250);
  const [chosen, setChosen] = useState<string | null>(null);
  const events = useEventNames().data?.items ?? [];
  // What a mail reads is known whoever looks at it: from that follows which event it is about.
  const reads = usePreview(withSubject(copy), language, NOBODY).data?.reads ?? [];
  const event = chosen ?? likelyEvent(reads, events) ?? "";
  const sample = useEventSample(event);
  const who = { person_id: viewer.worst ? null : viewer.person?.id ?? null, worst: viewer.worst, event: sample.data?.samples[0]?.properties ?? {} };
  const preview = usePreview(event && sample.isPending ? undefined : withSubject(copy), language, who);
  // Right to left is another language: the first that there is.
  const mirrored = [language, ...Object.keys(copies)].find((one) => directionOf(one) === "rtl");
  const other = usePreview(mirrored === undefined || mirrored === language ? undefined : withSubject(copies[mirrored]), mirrored ?? language, who);
  const answer = preview.data;
  const rtl = mirrored === language ? answer : other.data;
  const shows = (one: View) => view === "all" || view === one;
  return (
    <div className="hd-preview">
      <PersonBar viewer={viewer} />
      <Group gap="sm">
        <SegmentedControl className="hd-views" aria-label={t("templates.preview.views")} value={view} onChange={setView} data={VIEWS.map((value) => ({ value, label: t(`templates.preview.view.${value}`) }))} />
        {(event !== "" || reads.some((one) => one.startsWith("event."))) && <NativeSelect aria-label={t("templates.preview.event")} title={t("templates.preview.event")} value={event} data={[{ value: "", label: t("templates.preview.no_event") }, ...events.map((one) => ({ value: one.name, label: one.name }))]} onChange={(change) => { setChosen(change.currentTarget.value); }} />}
        {copy && <TestSend templateKey={templateKey} copy={copy} language={language} personId={who.person_id} event={who.event} />}
      </Group>
      {preview.isError && <Broken error={preview.error} />}
      {!answer && preview.isPending && <Loading rows={8} />}
      {answer && answer.reason !== "" && <Note tone="wait">{t("templates.preview.skipped")} <bdi dir="ltr" lang="en" className="hd-remedy">{answer.detail}</bdi></Note>}
      {answer?.reason === "" && (
        <>
          <Facts answer={answer} />
          <div className="hd-frames" data-view={view}>
            {shows("desktop") && <Frame view="desktop"><MailFrame subject={answer.subject} html={answer.html} height={720} /></Frame>}
            {shows("phone") && <Frame view="phone"><MailFrame subject={answer.subject} html={answer.html} height={720} narrow /></Frame>}
            {shows("dark") && <Frame view="dark"><MailFrame subject={answer.subject} html={onDarkScreen(answer.html)} height={720} narrow={view === "all"} /></Frame>}
            {shows("rtl") && (
              <Frame view="rtl" {...(mirrored ? { said: languageName(mirrored, ours) } : {})}>
                {rtl?.reason === "" ? <MailFrame subject={rtl.subject} html={rtl.html} height={720} /> : <div className="hd-noframe">{t(mirrored ? "templates.preview.rtl_not" : "templates.preview.rtl_none")}</div>}
              </Frame>
            )}
            {shows("text") && <Frame view="text"><pre className="hd-plaintext" dir="auto" tabIndex={0}>{answer.text}</pre></Frame>}
          </div>
        </>
      )}
    </div>
  );
}
