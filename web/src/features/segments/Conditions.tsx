import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Num, Text, Tooltip } from "@/ui";
import { pathText, type Condition, type Path } from "./condition";
import { Pieces } from "./Sentence";
import { sentence } from "./sentence";
import { useWords } from "./useWords";
import type { Count, Estimate } from "./types";

interface ConditionsProps {
  tree: Condition;
  count: Count | undefined;
  change: (path: Path, value: number) => void;
}

/** The tree as sentences, each with its own number of people; the numbers inside can be changed in place. */
export function Conditions({ tree, count, change }: ConditionsProps) {
  const counts = new Map((count?.conditions ?? []).map((one) => [one.path, one]));
  return <Branch tree={tree} path={[]} counts={counts} change={change} />;
}

function Branch({ tree, path, counts, change }: { tree: Condition; path: Path; counts: Map<string, Estimate>; change: ConditionsProps["change"] }) {
  const { t } = useTranslation();
  const words = useWords();
  const isGroup = (tree.kind === "and" || tree.kind === "or") && tree.of.length > 0;
  if (!isGroup) {
    const pieces = sentence(words, tree, path);
    return <ul className="hd-conditions"><Item path={path} counts={counts}><Pieces pieces={pieces} change={change} /></Item></ul>;
  }
  return (
    <>
      <Text c="dimmed" fz="sm" mb={2}>{t(tree.kind === "and" ? "segments.all_of" : "segments.any_of")}</Text>
      <ul className="hd-conditions">
        {tree.of.map((child, index) => {
          const at: Path = [...path, "of", index];
          const nested = (child.kind === "and" || child.kind === "or") && child.of.length > 0;
          return (
            <Item key={pathText(at)} path={at} counts={counts}>
              {nested ? <Branch tree={child} path={at} counts={counts} change={change} /> : <Pieces pieces={sentence(words, child, at)} change={change} />}
            </Item>
          );
        })}
      </ul>
    </>
  );
}

function Item({ path, counts, children }: { path: Path; counts: Map<string, Estimate>; children: React.ReactNode }) {
  const { t } = useTranslation();
  const format = useFormat();
  const own = counts.get(pathText(path));
  return (
    <li>
      <span className="hd-grow">{children}</span>
      {own !== undefined && <Tooltip label={t("segments.own_count")}><Text component="span" c="dimmed"><Num>{format.about(own)}</Num></Text></Tooltip>}
    </li>
  );
}
