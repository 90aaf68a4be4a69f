import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { problemOf } from "@/api/problem";
import { useSegmentList } from "@/features/segments/queries";
import { Button, Card, Failure, Group, NativeSelect, Stack, Textarea, TextInput, say } from "@/ui";
import { DeletePersona } from "./DeletePersona";
import { PictureField } from "./PictureField";
import { useSavePersona, type PictureChange } from "./queries";
import type { Persona, Sketch } from "./types";

const NOBODY: Persona = { id: 0, name: "", description: "", tone: "", segment: null, count: null, picture: null };

/** A persona's words, people and picture, new or changed. */
export function PersonaForm({ persona }: { persona?: Persona }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const first = persona ?? NOBODY;
  // A new one has its number as soon as its words are kept, even when its picture is refused.
  const [id, setId] = useState(persona?.id);
  const [sketch, setSketch] = useState<Sketch>({ name: first.name, description: first.description, tone: first.tone, segment_id: first.segment?.id ?? null });
  const [picture, setPicture] = useState<PictureChange>();
  const segments = useSegmentList().data?.items ?? [];
  const save = useSavePersona(() => { say(t("personas.saved")); void navigate("/personas"); });
  const [asking, setAsking] = useState(false);
  const set = (change: Partial<Sketch>) => { save.reset(); setSketch({ ...sketch, ...change }); };
  const problem = save.isError ? problemOf(save.error) : null;
  // A stage of the lifecycle, too, can be whom a persona stands for: it is kept although it is not in the list.
  const own = first.segment && !segments.some((one) => one.id === first.segment?.id) ? [first.segment] : [];
  const options = [{ value: "", label: t("personas.no_segment") }, ...[...own, ...segments].map((one) => ({ value: String(one.id), label: one.name }))];
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    save.mutate({ sketch, picture, made: setId, ...(id === undefined ? {} : { id }) });
  };
  return (
    <form noValidate onSubmit={submit}>
      <Card>
        <Stack>
          <TextInput label={t("personas.name")} value={sketch.name} error={problem?.field === "name" && t("app.problem.invalid_input")} maxLength={60} dir="auto" autoFocus={!persona} onChange={(event) => { set({ name: event.currentTarget.value }); }} />
          <Textarea label={t("personas.description")} value={sketch.description} maxLength={4000} dir="auto" autosize minRows={3} onChange={(event) => { set({ description: event.currentTarget.value }); }} />
          <Textarea label={t("personas.tone")} value={sketch.tone} maxLength={4000} dir="auto" autosize minRows={2} onChange={(event) => { set({ tone: event.currentTarget.value }); }} />
          <NativeSelect label={t("personas.segment")} data={options} value={String(sketch.segment_id ?? "")} onChange={(event) => { set({ segment_id: Number(event.currentTarget.value) || null }); }} />
          <PictureField persona={{ ...first, name: sketch.name }} change={picture} choose={(change) => { save.reset(); setPicture(change); }} />
          {save.isError && <Failure error={save.error} />}
          <Group gap="xs">
            <Button type="submit" loading={save.isPending}>{t("personas.save")}</Button>
            <Button variant="default" onClick={() => void navigate("/personas")}>{t("app.cancel")}</Button>
            {persona && <Button variant="subtle" ms="auto" onClick={() => { setAsking(true); }}>{t("personas.delete")}</Button>}
          </Group>
        </Stack>
      </Card>
      {persona && asking && <DeletePersona persona={persona} close={() => { setAsking(false); }} />}
    </form>
  );
}
