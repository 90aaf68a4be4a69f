import { useState } from "react";
import { useTranslation } from "react-i18next";
import { emailOf, nameOf } from "@/features/people/name";
import { itemsOf, usePeople } from "@/features/people/queries";
import type { Person } from "@/features/people/types";
import type { Worst } from "../types";
import { ActionIcon, Avatar, Button, IconChevronLeft, IconChevronRight, Ltr, Name, Text, TextInput, IconSearch, useDebouncedValue } from "@/ui";

const WORST: Worst[] = ["longest", "missing"];

export interface Viewer {
  person: Person | null;
  worst: Worst | null;
  search: string;
  setSearch: (search: string) => void;
  step: (by: 1 | -1) => void;
  setWorst: (worst: Worst | null) => void;
  canStep: (by: 1 | -1) => boolean;
}

/** As whom the mail is looked at: real people one after the other, or the one who is hardest to write to. */
export function useViewer(): Viewer {
  const [search, setText] = useState("");
  const [asked] = useDebouncedValue(search, 250);
  const people = usePeople(asked);
  const [index, setIndex] = useState(0);
  const [worst, setWorst] = useState<Worst | null>(null);
  const items = itemsOf(people.data);
  const step = (by: 1 | -1) => {
    const next = index + by;
    setWorst(null);
    if (next < 0 || (next >= items.length && !people.hasNextPage)) return;
    // The next page is there before one gets to it.
    if (next >= items.length - 5 && people.hasNextPage) void people.fetchNextPage();
    setIndex(Math.min(next, items.length - 1));
  };
  const canStep = (by: 1 | -1) => index + by >= 0 && (index + by < items.length || people.hasNextPage);
  return { person: items[index] ?? null, worst, search, setSearch: (next) => { setText(next); setIndex(0); setWorst(null); }, step, setWorst, canStep };
}

/** The left and right arrow go through people, in the direction of the text. */
export function PersonBar({ viewer }: { viewer: Viewer }) {
  const { t } = useTranslation();
  const { person, worst } = viewer;
  const onKey = (event: React.KeyboardEvent<HTMLElement>) => {
    if (event.target instanceof HTMLInputElement || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
    event.preventDefault();
    const isForth = (event.key === "ArrowRight") === (getComputedStyle(event.currentTarget).direction === "ltr");
    viewer.step(isForth ? 1 : -1);
  };
  return (
    <div className="hd-personbar" role="group" aria-label={t("templates.preview.as")} onKeyDown={onKey}>
      <ActionIcon variant="default" size={36} disabled={!viewer.canStep(-1)} aria-label={t("templates.preview.before")} title={t("templates.preview.before")} onClick={() => { viewer.step(-1); }}><IconChevronLeft size={18} className="hd-flip" aria-hidden /></ActionIcon>
      <div className="hd-personbar-who" tabIndex={0} aria-label={t("templates.preview.arrows")} role="group">
        {worst && <Text component="span" fw={600}>{t(`templates.preview.worst.${worst}`)}</Text>}
        {!worst && person && (
          <>
            <Avatar name={nameOf(person)} seed={person.id} size={34} />
            <span className="hd-grow"><Name strong>{nameOf(person)}</Name><span className="hd-clip hd-dim hd-small" dir="ltr"><Ltr>{emailOf(person)}</Ltr></span></span>
          </>
        )}
        {!worst && !person && <Text component="span" c="dimmed">{t("templates.preview.nobody")}</Text>}
      </div>
      <ActionIcon variant="default" size={36} disabled={!viewer.canStep(1)} aria-label={t("templates.preview.after")} title={t("templates.preview.after")} onClick={() => { viewer.step(1); }}><IconChevronRight size={18} className="hd-flip" aria-hidden /></ActionIcon>
      {WORST.map((one) => <Button key={one} variant={worst === one ? "light" : "default"} aria-pressed={worst === one} onClick={() => { viewer.setWorst(worst === one ? null : one); }}>{t(`templates.preview.worst.${one}`)}</Button>)}
      <TextInput aria-label={t("templates.preview.search")} placeholder={t("templates.preview.search")} leftSection={<IconSearch size={16} aria-hidden />} dir="auto" value={viewer.search} onChange={(event) => { viewer.setSearch(event.currentTarget.value); }} />
    </div>
  );
}
