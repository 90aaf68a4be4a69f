import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { problemOf } from "@/api/problem";
import { Button, Card, Columns, Failure, Group, Stack, Text, TextInput, say } from "@/ui";
import { GroupFields } from "./Builder";
import { childrenOf, toBuild, type Group as Tree } from "./build";
import type { Condition } from "./condition";
import { CountCard } from "./CountCard";
import { useWrong } from "./fields";
import { useSaveSegment } from "./queries";
import { Sentence } from "./Sentence";
import type { Segment } from "./types";
import { TextForm } from "./TextForm";
import { useLiveCount } from "./useLiveCount";
import { wrongOf } from "./wrong";

const EMPTY: Tree = { kind: "and", of: [] };

/** A segment's name and conditions, new (from nothing, or from a `start`) or changed, with the number that follows every key stroke. */
export function SegmentForm({ segment, start }: { segment?: Segment; start?: { name: string; tree: Condition } }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const first = segment ?? start;
  const [name, setName] = useState(first?.name ?? "");
  const [tree, setTree] = useState<Tree>(() => (first ? toBuild(first.tree) : EMPTY));
  const [asText, setAsText] = useState(false);
  const live = useLiveCount(tree);
  const save = useSaveSegment((made) => { say(t("segments.saved")); void navigate(`/segments/${String(made.id)}`); });
  const wrong = wrongOf(save.error) ?? live.wrong;
  const nameError = useWrong("name", wrong);
  const { count, counted, counts } = live;
  const edit = (next: Tree) => { save.reset(); setTree(next); };
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    save.mutate({ name, tree, ...(segment ? { id: segment.id } : {}) });
  };
  return (
    <form noValidate onSubmit={submit}>
      <Columns>
        <Card title={t("segments.who")}>
          <Stack>
            <TextInput label={t("segments.name")} placeholder={t("segments.build.name_example")} value={name} error={nameError} maxLength={200} dir="auto" autoFocus={!segment} onChange={(event) => { save.reset(); setName(event.currentTarget.value); }} />
            {asText
              ? <TextForm tree={counted ?? EMPTY} take={(read) => { edit(toBuild(read)); setAsText(false); }} close={() => { setAsText(false); }} />
              : <GroupFields group={tree} path={[]} change={edit} counts={counts} wrong={wrong} />}
            {save.isError && !wrong && <Failure error={save.error} />}
            {count.isError && problemOf(count.error).field === null && <Failure error={count.error} />}
            <Group gap="xs">
              <Button type="submit" loading={save.isPending} disabled={asText || childrenOf(tree).length === 0}>{t("segments.save")}</Button>
              {!asText && <Button variant="subtle" onClick={() => { setAsText(true); }}>{t("segments.text.open")}</Button>}
              <Button variant="default" onClick={() => void navigate(segment ? `/segments/${String(segment.id)}` : "/segments")}>{t("app.cancel")}</Button>
            </Group>
          </Stack>
        </Card>
        <Stack gap={20}>
          {counted && !count.isError
            ? <CountCard count={count.data} stale={count.isPlaceholderData} saved={segment?.count ?? 0} changed={segment !== undefined} />
            : <Card title={t("segments.count")}><Text c="dimmed">{t("segments.build.count_follows")}</Text></Card>}
          {counted && <Card title={t("segments.build.in_words")}><p className="hd-said-whole"><Sentence tree={counted} /></p></Card>}
        </Stack>
      </Columns>
    </form>
  );
}
