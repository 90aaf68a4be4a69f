import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useTemplateList } from "@/features/templates/queries";
import { directionOf, isLanguage, LANGUAGE_NAMES } from "@/i18n/languages";
import { pickName } from "@/i18n/names";
import { useLanguage } from "@/i18n/useFormat";
import { Button, Group, Loading, MailFrame, NativeSelect, SimpleGrid, Stack, Text, TextInput, useDisclosure } from "@/ui";
import { useLook } from "../queries";
import type { Problem, Variant } from "../types";
import { problemText } from "./problemText";
import { TrialButton } from "./TrialButton";

interface Props {
  id: number;
  variant: Variant;
  isAlone: boolean;
  problems: Problem[];
  change: (part: Partial<Variant>, field?: string) => void;
  remove: () => void;
  hasClock: boolean;
}

/** Other subject lines than the template's, one for each of its languages. */
function Subjects({ variant, languages, change }: { variant: Variant; languages: string[]; change: Props["change"] }) {
  const { t } = useTranslation();
  const own = variant.subject ?? {};
  const put = (language: string, text: string) => {
    const next = { ...Object.fromEntries(languages.map((one) => [one, own[one] ?? ""])), [language]: text };
    change({ subject: Object.values(next).some((one) => one.trim()) ? next : null }, `${variant.name} subject ${language}`);
  };
  return (
    <SimpleGrid cols={{ base: 1, sm: languages.length > 1 ? 2 : 1 }}>
      {languages.map((one) => (
        <TextInput key={one} lang={one} {...(isLanguage(one) ? { dir: directionOf(one) } : {})} label={t("campaigns.subject_in", { language: isLanguage(one) ? LANGUAGE_NAMES[one] : one })} placeholder={t("campaigns.subject_same")} value={own[one] ?? ""} onChange={(event) => { put(one, event.currentTarget.value); }} />
      ))}
    </SimpleGrid>
  );
}

function Look({ template, language, subject }: { template: string; language: string; subject: string | undefined }) {
  const { t } = useTranslation();
  const look = useLook(template, language);
  if (look.isPending) return <Loading rows={3} />;
  if (!look.data?.html) return <Text c="dimmed" fz="sm">{t("campaigns.no_look")}</Text>;
  return (
    <div>
      <Text fw={600} mb={8} dir="auto">{subject?.trim() ? subject : look.data.subject}</Text>
      <MailFrame subject={look.data.subject ?? ""} html={look.data.html} height={420} />
    </div>
  );
}

/** What one variant says: its template, and where it differs from that. */
export function VariantFields({ id, variant, isAlone, problems, change, remove, hasClock }: Props) {
  const { t } = useTranslation();
  const language = useLanguage();
  const templates = (useTemplateList(false).data?.items ?? []).filter((one) => one.number !== null);
  const [more, { toggle }] = useDisclosure(variant.subject !== null || variant.sender_name !== null || !isAlone);
  const [isShown, setIsShown] = useState(false);
  const chosen = templates.find((one) => one.key === variant.template);
  const spoken = chosen ? (chosen.languages.includes(language) ? language : chosen.languages[0] ?? "en") : language;
  return (
    <Stack gap="sm">
      {!isAlone && (
        <Group justify="space-between">
          <TextInput aria-label={t("campaigns.variant_name")} maxLength={40} w={180} dir="auto" value={variant.name} onChange={(event) => { change({ name: event.currentTarget.value }, "name"); }} />
          <Button size="xs" variant="subtle" onClick={remove}>{t("campaigns.remove")}</Button>
        </Group>
      )}
      <Group align="end">
        <NativeSelect
          flex="1 1 260px" maw={420} label={t("campaigns.template")} value={chosen ? variant.template : ""} onChange={(event) => { change({ template: event.currentTarget.value, subject: null }); }}
          data={[{ value: "", label: t("campaigns.choose"), disabled: true }, ...templates.map((one) => ({ value: one.key, label: pickName(one.names, language, one.key) }))]}
        />
        {chosen && <Button variant="default" onClick={() => { setIsShown(!isShown); }} aria-expanded={isShown}>{t(isShown ? "campaigns.hide" : "campaigns.show")}</Button>}
        {chosen && <Link className="hd-textlink hd-small" to={`/templates/${chosen.key}`} style={{ paddingBlockEnd: 9 }}>{t("campaigns.edit_template")}</Link>}
      </Group>
      {chosen && <TrialButton id={id} variant={variant.name} language={spoken} />}
      {chosen && isAlone && <Button size="compact-sm" variant="subtle" style={{ alignSelf: "start" }} aria-expanded={more} onClick={toggle}>{t("campaigns.differ")}</Button>}
      {chosen && more && (
        <>
          <Subjects variant={variant} languages={chosen.languages} change={change} />
          <Group align="end">
            <TextInput flex="1 1 220px" maw={420} dir="auto" maxLength={100} label={t("campaigns.sender_name")} placeholder={t("campaigns.sender_same")} value={variant.sender_name ?? ""} onChange={(event) => { change({ sender_name: event.currentTarget.value || null }, "sender"); }} />
            {hasClock && !isAlone && <TextInput type="time" label={t("campaigns.own_time")} value={variant.at ?? ""} onChange={(event) => { change({ at: event.currentTarget.value || null }, "at"); }} />}
          </Group>
        </>
      )}
      {problems.filter((one) => one.code !== "template" || variant.template).map((one) => <Text key={one.code + one.field} fz="sm" c="var(--hd-no)">{problemText(t, one)}</Text>)}
      {isShown && chosen && <Look template={chosen.key} language={spoken} subject={variant.subject?.[spoken]} />}
    </Stack>
  );
}
