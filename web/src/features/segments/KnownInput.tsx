import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { Autocomplete, VisuallyHidden, useDebouncedValue } from "@/ui";
import { partTyped, toOptions, type About, type Option } from "./known";
import { useKnown } from "./queries";

interface Props {
  /** Whose values are offered; null: none. */
  about: About | null;
  /** Several values with commas between them. */
  several: boolean;
  label: string;
  /** The label stands above the field. */
  isLabelled?: boolean;
  value: string;
  error: ReactNode;
  change: (text: string) => void;
  leave: () => void;
}

/** A text that is typed, or chosen from what there is: each value with how many have it. */
export function KnownInput({ about, several, label, isLabelled = false, value, error, change, leave }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const [isHere, setHere] = useState(false);
  const [search] = useDebouncedValue(partTyped(value, several), 200);
  const known = useKnown(isHere ? about : null, search);
  const nameOf = useNameOf(about);
  const options = toOptions(known?.items ?? [], value, several, format.number, nameOf);
  const optionOf = new Map(options.map((one) => [one.value, one]));
  return (
    <Autocomplete
      className="hd-build-value"
      {...(isLabelled ? { label } : { "aria-label": label })}
      placeholder={t(several ? "segments.build.values" : "segments.build.value")}
      value={value}
      data={[...optionOf.keys()]}
      filter={({ options: all }) => all}
      renderOption={({ option }) => <Offer one={optionOf.get(option.value)} about={about} exact={known?.exact ?? true} />}
      maxDropdownHeight={280}
      comboboxProps={{ width: "max-content", position: "bottom-start" }}
      error={error}
      onChange={change}
      onFocus={() => { setHere(true); }}
      onBlur={() => { setHere(false); leave(); }}
      dir="auto"
    />
  );
}

function Offer({ one, about, exact }: { one: Option | undefined; about: About | null; exact: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!one || !about) return null;
  return (
    <span className="hd-known">
      <bdi>{one.said}</bdi>
      {one.called !== "" && <bdi className="hd-dim">{one.called}</bdi>}
      <VisuallyHidden>{t(`segments.build.known.${about.kind}`)}</VisuallyHidden>
      <span className="hd-dim hd-num">{exact ? format.number(one.count) : t("segments.build.known.about", { number: format.number(one.count) })}</span>
    </span>
  );
}

/** Countries and languages are kept as codes. */
function useNameOf(about: About | null): (said: string) => string {
  const language = useLanguage();
  const name = about?.name ?? "";
  const type = name === "@language" ? "language" : name === "@country" || (about?.kind === "place" && name === "country") ? "region" : null;
  if (!type) return () => "";
  const names = new Intl.DisplayNames([language], { type, fallback: "none" });
  return (said) => {
    try {
      return names.of(said) ?? "";
    } catch {
      return "";
    }
  };
}
