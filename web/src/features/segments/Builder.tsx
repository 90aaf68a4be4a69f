import { use, useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Button, IconChevronDown, IconPlus, Menu, NativeSelect, Num, Text, Tooltip } from "@/ui";
import { NEW_KINDS, RUN_KINDS, childPath, childrenOf, groupKind, isGroup, makeNew, withChildren, withKind, type Group, type GroupKind, type NewKind } from "./build";
import { pathText, type Condition, type Path } from "./condition";
import { RemoveButton } from "./fields";
import { InJourney } from "./inJourney";
import { LeafFields } from "./LeafFields";
import type { Estimate } from "./types";
import type { Wrong } from "./wrong";

export interface Building {
  /** How many each condition finds alone, by the server's path. */
  counts: Map<string, Estimate>;
  wrong: Wrong | null;
}

interface GroupProps extends Building {
  group: Group;
  path: Path;
  change: (group: Group) => void;
  remove?: () => void;
}

const GROUPS: GroupKind[] = ["all", "any", "none"];

function AddMenu({ add, nested }: { add: (made: Condition) => void; nested: boolean }) {
  const { t } = useTranslation();
  const now = useNow();
  const known: readonly NewKind[] = use(InJourney) ? [...RUN_KINDS, ...NEW_KINDS] : NEW_KINDS;
  const kinds = known.filter((kind) => kind !== "group" || !nested);
  return (
    <Menu position="bottom-start" shadow="md" width={300}>
      <Menu.Target>
        <Button variant="light" size="sm" leftSection={<IconPlus size={16} aria-hidden />} rightSection={<IconChevronDown size={15} aria-hidden />}>{t("segments.build.add")}</Button>
      </Menu.Target>
      <Menu.Dropdown className="hd-build-menu">
        {kinds.map((kind) => (
          <Menu.Item key={kind} onClick={() => { add(makeNew(kind, now)); }}>
            <b>{t(`segments.build.kind.${kind}.name`)}</b>
            <Text component="span" c="dimmed" fz="sm" display="block">{t(`segments.build.kind.${kind}.example`)}</Text>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function OwnCount({ own }: { own: Estimate | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (own === undefined) return null;
  return <Tooltip label={t("segments.own_count")}><Text component="span" c="dimmed" fz="sm"><Num>{t("segments.build.finds", { count: own.count, number: format.about(own) })}</Num></Text></Tooltip>;
}

/** A group of conditions: how they belong together, each of them, and what can be added. */
export function GroupFields({ group, path, change, remove, counts, wrong }: GroupProps) {
  const { t } = useTranslation();
  const label = useId();
  const list = useRef<HTMLUListElement>(null);
  const children = childrenOf(group);
  const put = (index: number, child: Condition) => { change(withChildren(group, children.with(index, child))); };
  const take = (index: number) => {
    change(withChildren(group, children.toSpliced(index, 1)));
    list.current?.parentElement?.querySelector<HTMLElement>(":scope > .hd-build-add button")?.focus();
  };
  const add = (made: Condition) => {
    change(withChildren(group, [...children, made]));
    // The menu gives the focus back to its button first.
    setTimeout(() => list.current?.querySelector<HTMLElement>(":scope > li:last-child :is(input, select)")?.focus(), 60);
  };
  return (
    <div className="hd-build" role="group" aria-labelledby={label}>
      <div className="hd-build-head">
        <NativeSelect
          id={label}
          aria-label={t("segments.build.together")}
          value={groupKind(group)}
          onChange={(event) => { change(withKind(group, event.currentTarget.value as GroupKind)); }}
          data={GROUPS.map((kind) => ({ value: kind, label: t(`segments.build.group.${kind}`) }))}
        />
        {remove && <RemoveButton label={t("segments.build.remove_group")} remove={remove} />}
      </div>
      {children.length === 0 && <Text c={wrong?.path === pathText(childPath(group, path, 0)).replace(/\[0\]$/, "") ? "var(--hd-no)" : "dimmed"} fz="sm" my={10}>{t("segments.build.nothing_yet")}</Text>}
      <ul ref={list} className="hd-build-list">
        {children.map((child, index) => {
          const at = childPath(group, path, index);
          if (isGroup(child)) {
            return <li key={index}><GroupFields group={child} path={at} change={(next) => { put(index, next); }} remove={() => { take(index); }} counts={counts} wrong={wrong} /></li>;
          }
          return (
            <li key={index} className="hd-build-leaf">
              <div className="hd-grow">{child.kind !== "not" && <LeafFields leaf={child} path={at} change={(next) => { put(index, next); }} wrong={wrong} />}</div>
              <div className="hd-build-side">
                <OwnCount own={counts.get(pathText(at))} />
                <RemoveButton label={t("segments.build.remove", { number: index + 1 })} remove={() => { take(index); }} />
              </div>
            </li>
          );
        })}
      </ul>
      <div className="hd-build-add"><AddMenu add={add} nested={path.length > 0} /></div>
    </div>
  );
}
