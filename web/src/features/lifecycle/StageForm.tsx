import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { GroupFields } from "@/features/segments/Builder";
import { childrenOf, toBuild, type Group as Tree } from "@/features/segments/build";
import { useWrong } from "@/features/segments/fields";
import { Sentence } from "@/features/segments/Sentence";
import { useLiveCount } from "@/features/segments/useLiveCount";
import { wrongOf } from "@/features/segments/wrong";
import { pickName } from "@/i18n/names";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { Button, Card, Columns, Failure, Group, NativeSelect, Num, Stack, Text, Textarea, TextInput, say } from "@/ui";
import { useSaveStage } from "./queries";
import { COLOURS, type Stage } from "./types";
import { useStageName } from "./useStageName";

const EVERYBODY: Tree = { kind: "and", of: [] };

/** A stage's name, words, colour and rule, new or changed, with the number that follows every key stroke. */
export function StageForm({ stage }: { stage?: Stage }) {
  const { t } = useTranslation();
  const format = useFormat();
  const language = useLanguage();
  const nameOf = useStageName();
  const navigate = useNavigate();
  const old = { name: stage ? nameOf(stage) : "", text: stage ? stage.texts[""] ?? pickName(stage.texts, language, "") : "" };
  const [name, setName] = useState(old.name);
  const [text, setText] = useState(old.text);
  const [colour, setColour] = useState(stage?.colour ?? "gray");
  const [tree, setTree] = useState<Tree>(() => (stage ? toBuild(stage.rule) : EVERYBODY));
  const { count, counted, counts, wrong: wrongRule } = useLiveCount(tree);
  const save = useSaveStage((made) => { say(t("lifecycle.saved")); void navigate(`/lifecycle/${String(made.id)}`); });
  const wrong = wrongOf(save.error) ?? wrongRule;
  const nameError = useWrong("name", wrong);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    // What stays as it was keeps its words in the other languages.
    const words = { ...(name === old.name && stage ? {} : { name }), ...(text === old.text && stage ? {} : { text }) };
    save.mutate({ draft: { ...words, colour, rule: tree }, ...(stage ? { id: stage.id } : {}) });
  };
  return (
    <form noValidate onSubmit={submit}>
      <Columns>
        <Card>
          <Stack>
            <TextInput label={t("lifecycle.name")} value={name} error={nameError} maxLength={60} dir="auto" autoFocus={!stage} onChange={(event) => { save.reset(); setName(event.currentTarget.value); }} />
            <Textarea label={t("lifecycle.text")} value={text} maxLength={500} dir="auto" autosize minRows={2} onChange={(event) => { setText(event.currentTarget.value); }} />
            <NativeSelect label={t("lifecycle.colour")} value={colour} data={COLOURS.map((one) => ({ value: one, label: t(`lifecycle.colours.${one}`) }))} onChange={(event) => { setColour(event.currentTarget.value); }} />
            <Text fw={600}>{t("lifecycle.rule")}</Text>
            <GroupFields group={tree} path={[]} change={(next) => { save.reset(); setTree(next); }} counts={counts} wrong={wrong} />
            {childrenOf(tree).length === 0 && <Text c="dimmed" fz="sm">{t("lifecycle.rule_empty")}</Text>}
            <Text c="dimmed" fz="sm">{t("lifecycle.rule_lead")} {t("lifecycle.recount")}</Text>
            {save.isError && !wrong && <Failure error={save.error} />}
            <Group gap="xs">
              <Button type="submit" loading={save.isPending}>{t("lifecycle.save")}</Button>
              <Button variant="default" onClick={() => void navigate(stage ? `/lifecycle/${String(stage.id)}` : "/lifecycle")}>{t("app.cancel")}</Button>
            </Group>
          </Stack>
        </Card>
        {counted && (
          <Card title={t("lifecycle.rule")}>
            {count.data && <p className="hd-big" style={{ margin: 0 }}><Num>{format.about(count.data)}</Num></p>}
            <p className="hd-said-whole"><Sentence tree={counted} /></p>
          </Card>
        )}
      </Columns>
    </form>
  );
}
