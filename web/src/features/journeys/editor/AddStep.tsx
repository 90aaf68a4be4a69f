import { useTranslation } from "react-i18next";
import { ActionIcon, IconPlus, Menu } from "@/ui";
import { ICONS } from "../boxes";
import type { JourneyNode } from "../graph";
import { KINDS } from "./kinds/all";
import type { Group } from "./spec";

const GROUPS: Group[] = ["message", "time", "ways", "person", "outside", "end"];
const ALL = Object.entries(KINDS) as [JourneyNode["kind"], (typeof KINDS)["send"]][];

/** The plus on a way: which step shall stand there. */
export function AddStep({ where, add }: { where: string; add: (kind: JourneyNode["kind"]) => void }) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom" shadow="md" width={270} withinPortal>
      <Menu.Target>
        <ActionIcon className="hd-edit-add nodrag nopan" radius="xl" size={26} variant="default" aria-label={t("edit.add_after", { where })} title={t("edit.add")}><IconPlus size={15} aria-hidden /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown className="hd-build-menu">
        {GROUPS.map((group) => (
          <div key={group}>
            <Menu.Label>{t(`edit.group.${group}`)}</Menu.Label>
            {ALL.filter(([, form]) => form.group === group).map(([kind]) => {
              const Icon = ICONS[kind];
              return <Menu.Item key={kind} leftSection={<Icon size={17} aria-hidden />} onClick={() => { add(kind); }}>{t(`journeys.kind.${kind}`)}</Menu.Item>;
            })}
          </div>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
