import { useState } from "react";
import { useTranslation } from "react-i18next";
import { GroupFields } from "@/features/segments/Builder";
import { childrenOf, toBuild, type Group } from "@/features/segments/build";
import type { Condition } from "@/features/segments/condition";
import { InJourney } from "@/features/segments/inJourney";
import { Button, Input } from "@/ui";
import type { FieldProps } from "./fieldProps";
import { ProblemText } from "./ProblemText";
import { insideOf, isAt } from "./problems";

const EMPTY: Group = { kind: "and", of: [] };
const NO_COUNTS = new Map<string, never>();

function read(value: unknown, list: boolean): Group | null {
  if (list) return Array.isArray(value) && value.length > 0 ? toBuild({ kind: "or", of: value as Condition[] }) : null;
  return value ? toBuild(value as Condition) : null;
}

/** Several conditions, any of which is enough, are one group of "any"; all other groups are one condition. */
function write(group: Group, list: boolean): unknown {
  if (!list) return group;
  return group.kind === "or" ? group.of : [group];
}

/** A condition, as segments are asked for; in a journey it may also ask what happened since somebody entered. */
export function ConditionField({ label, description, at, value, change, optional, problems, list }: FieldProps & { list: boolean }) {
  const { t } = useTranslation();
  const [begun, setBegun] = useState<Group | null>(null);
  const given = read(value, list);
  const group = given ?? begun ?? (optional ? null : EMPTY);
  const wrong = problems.find((one) => isAt(one, at));
  const inside = wrong && insideOf(wrong, at);
  const hasPlace = inside !== undefined && inside.path !== "" && !list;
  const put = (next: Group) => {
    setBegun(next);
    change(optional && childrenOf(next).length === 0 ? clear() : write(next, list));
  };
  const clear = () => (list ? [] : at === "goal" ? null : undefined);
  return (
    <Input.Wrapper label={label} description={description} error={wrong && !hasPlace && <ProblemText problem={wrong} />} labelElement="div">
      <div className="hd-edit-condition" role="group" aria-label={label}>
        {group
          ? <InJourney value={at !== "entry"}><GroupFields group={group} path={[]} change={put} counts={NO_COUNTS} wrong={hasPlace ? inside : null} /></InJourney>
          : <Button variant="light" size="compact-sm" onClick={() => { setBegun(list ? { kind: "or", of: [] } : EMPTY); }}>{t("edit.set_condition")}</Button>}
        {group && optional && <Button variant="subtle" size="compact-sm" onClick={() => { setBegun(null); change(clear()); }}>{t("edit.clear")}</Button>}
      </div>
    </Input.Wrapper>
  );
}
