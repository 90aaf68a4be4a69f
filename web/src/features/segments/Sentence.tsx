import { useId, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { parseWhole } from "@/i18n/format";
import { useFormat } from "@/i18n/useFormat";
import type { Condition, Path } from "./condition";
import { sentence, type Piece } from "./sentence";
import { useWords } from "./useWords";

type Change = (path: Path, value: number) => void;

/** A number inside a sentence: looks like the text, takes digits of any script. */
function NumberPiece({ value, path, change }: { value: number; path: Path; change: Change }) {
  const { t } = useTranslation();
  const format = useFormat();
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const shown = typed ?? format.number(value);
  const wrong = typed !== null && parseWhole(typed) === null;
  const take = (next: string) => {
    setTyped(next);
    const whole = parseWhole(next);
    if (whole !== null && whole !== value) change(path, whole);
  };
  const step = (by: number) => { setTyped(null); change(path, Math.max(0, value + by)); };
  return (
    <input
      id={id}
      className="hd-inline"
      inputMode="numeric"
      aria-label={t("segments.number")}
      aria-invalid={wrong}
      style={{ width: `${Math.max(2, shown.length) + 1.6}ch` }}
      value={shown}
      onChange={(event) => { take(event.target.value); }}
      onBlur={() => { setTyped(null); }}
      onKeyDown={(event) => {
        if (event.key === "ArrowUp") { event.preventDefault(); step(1); }
        if (event.key === "ArrowDown") { event.preventDefault(); step(-1); }
      }}
    />
  );
}

export function Pieces({ pieces, change }: { pieces: Piece[]; change?: Change }) {
  const format = useFormat();
  return pieces.map((piece, index): ReactNode => {
    if (piece.kind === "text") return <span key={index}>{piece.text}</span>;
    if (piece.kind === "name") return <bdi key={index} className="hd-named">{piece.text}</bdi>;
    if (!change) return <b key={index} className="hd-num">{format.number(piece.value)}</b>;
    return <NumberPiece key={piece.path.join(".")} value={piece.value} path={piece.path} change={change} />;
  });
}

/** A condition as one sentence in the reader's language. */
export function Sentence({ tree }: { tree: Condition }) {
  const words = useWords();
  return <Pieces pieces={sentence(words, tree)} />;
}
