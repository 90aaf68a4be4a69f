import { useTranslation } from "react-i18next";
import { LANGUAGES, LANGUAGE_NAMES, directionOf, isLanguage, type Language } from "@/i18n/languages";
import { Button, Failure, Group, NativeSelect, SegmentedControl, Stack, Text, Textarea } from "@/ui";
import { LAWS, type Law, type Texts, type Wordings } from "./types";

export interface Draft {
  law: Law;
  texts: Texts;
}

interface Props {
  wordings: Wordings;
  draft: Draft;
  change: (draft: Draft) => void;
  language: Language;
  setLanguage: (language: Language) => void;
  isAdmin: boolean;
  isPending: boolean;
  error: unknown;
  isChanged: boolean;
  save: () => void;
}

/** What people read where they agree, in every language: begun from a law's text, then the shop's own words. */
export function WordingForm({ wordings, draft, change, language, setLanguage, isAdmin, isPending, error, isChanged, save }: Props) {
  const { t } = useTranslation();
  const begin = (value: string) => {
    const law = LAWS.find((one) => one === value) ?? "own";
    change({ law, texts: law === "own" ? draft.texts : wordings.ready[law] });
  };
  const write = (text: string) => {
    const texts = { ...draft.texts, [language]: text };
    const isReady = draft.law !== "own" && LANGUAGES.every((one) => (texts[one] ?? "") === (wordings.ready[draft.law as Exclude<Law, "own">][one] ?? ""));
    change({ law: isReady ? draft.law : "own", texts });
  };
  return (
    <form onSubmit={(event) => { event.preventDefault(); save(); }}>
      <fieldset disabled={!isAdmin} style={{ border: 0, padding: 0, margin: 0 }}>
        <Stack>
          <NativeSelect label={t("consent.law")} description={t("consent.law_hint")} value={draft.law} onChange={(event) => { begin(event.currentTarget.value); }} data={LAWS.map((one) => ({ value: one, label: t(`consent.law_of.${one}`) }))} />
          <SegmentedControl aria-label={t("consent.language")} value={language} onChange={(value) => { if (isLanguage(value)) setLanguage(value); }} data={LANGUAGES.map((one) => ({ value: one, label: LANGUAGE_NAMES[one] }))} />
          <Textarea
            label={t("consent.wording_in", { language: LANGUAGE_NAMES[language] })} description={t("consent.wording_hint", { workspace: "{workspace}", address: "{address}" })}
            lang={language} dir={directionOf(language)} autosize minRows={5} maxRows={14} maxLength={2000} value={draft.texts[language] ?? ""}
            onChange={(event) => { write(event.currentTarget.value); }}
          />
          {error !== null && <Failure error={error} />}
          <Group gap="sm">
            <Button type="submit" loading={isPending} disabled={!isChanged || Object.values(draft.texts).every((text) => !text.trim())}>{t("consent.save_wording")}</Button>
            <Text c="dimmed" fz="sm" flex="1 1 220px">{t("consent.version_hint")}</Text>
          </Group>
        </Stack>
      </fieldset>
    </form>
  );
}
