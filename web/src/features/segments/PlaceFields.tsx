import { useState } from "react";
import { useTranslation } from "react-i18next";
import { parseDecimal } from "@/i18n/format";
import { useFormat } from "@/i18n/useFormat";
import { TextInput } from "@/ui";
import { toNames, toPoint } from "./build";
import { pathText, type PlaceLeaf } from "./condition";
import type { LeafProps } from "./eventFields";
import { Choice, useWrong, type FieldProps } from "./fields";
import { KnownInput } from "./KnownInput";

/** Names with commas between them; `fit` makes of each what is stored. */
function NamesField({ label, at, wrong, part, names, fit, change }: FieldProps & { part: "city" | "region" | "country"; names: string[]; fit?: (name: string) => string; change: (names: string[]) => void }) {
  const error = useWrong(at, wrong);
  const [typed, setTyped] = useState<string | null>(null);
  const take = (next: string) => {
    setTyped(next);
    change(toNames(next).map((name) => fit?.(name) ?? name));
  };
  return <KnownInput about={{ kind: "place", name: part }} several label={label} isLabelled value={typed ?? names.join(", ")} error={error} change={take} leave={() => { setTyped(null); }} />;
}

const NEAR_KM = 25;

/** So many kilometres around a point; no point, no condition on it. */
function NearFields({ leaf, path, change, wrong }: LeafProps<PlaceLeaf>) {
  const { t } = useTranslation();
  const format = useFormat();
  const [typed, setTyped] = useState<{ point?: string; km?: string }>({});
  const at = `${pathText(path)}.near`;
  const error = useWrong(at, wrong);
  const { near } = leaf;
  const point = typed.point ?? (near ? `${String(near.latitude)}, ${String(near.longitude)}` : "");
  const km = typed.km ?? format.number(near?.km ?? NEAR_KM);
  const take = (next: { point?: string; km?: string }) => {
    const now = { ...typed, ...next };
    setTyped(now);
    const found = toPoint(now.point ?? point);
    const far = parseDecimal(now.km ?? km);
    if (found && far) change({ ...leaf, near: { ...found, km: far } });
    else if ((now.point ?? point).trim() === "") change({ ...leaf, near: null });
  };
  const isPoint = point.trim() === "" || toPoint(point) !== null;
  return (
    <>
      <TextInput className="hd-build-value" label={t("segments.build.place.point")} placeholder="59.437, 24.754" value={point} error={error ?? (isPoint ? undefined : t("segments.build.place.point_note"))} dir="ltr" onChange={(event) => { take({ point: event.currentTarget.value }); }} onBlur={() => { if (isPoint) setTyped({}); }} />
      <TextInput className="hd-build-number" label={t("segments.build.place.km")} inputMode="decimal" value={km} error={parseDecimal(km) === null} onChange={(event) => { take({ km: event.currentTarget.value }); }} />
    </>
  );
}

/** Where people are: cities, regions, countries, and around a point. What is left empty is not asked. */
export function PlaceFields({ leaf, path, change, wrong }: LeafProps<PlaceLeaf>) {
  const { t } = useTranslation();
  const at = pathText(path);
  const ways = (["in", "outside"] as const).map((value) => ({ value, label: t(`segments.build.place.${value}`) }));
  return (
    <>
      <div className="hd-build-fields">
        <Choice label={t("segments.build.compare")} at={`${at}.outside`} wrong={wrong} value={leaf.outside ? "outside" : "in"} options={ways} change={(way) => { change({ ...leaf, outside: way === "outside" }); }} />
      </div>
      <div className="hd-build-fields">
        <NamesField label={t("segments.build.place.cities")} at={`${at}.cities`} wrong={wrong} part="city" names={leaf.cities ?? []} change={(cities) => { change({ ...leaf, cities }); }} />
        <NamesField label={t("segments.build.place.regions")} at={`${at}.regions`} wrong={wrong} part="region" names={leaf.regions ?? []} change={(regions) => { change({ ...leaf, regions }); }} />
        <NamesField label={t("segments.build.place.countries")} at={`${at}.countries`} wrong={wrong} part="country" names={leaf.countries ?? []} fit={(name) => name.toUpperCase()} change={(countries) => { change({ ...leaf, countries }); }} />
      </div>
      <div className="hd-build-fields">
        <NearFields leaf={leaf} path={path} change={change} wrong={wrong} />
      </div>
    </>
  );
}
