import { useTranslation } from "react-i18next";
import { ActionIcon, IconArrowDown, IconArrowUp, IconCopy, IconTrash } from "@/ui";
import { useBlocks, useChosen } from "./shell";

/** What stands over the chosen block. */
export function ActionBar() {
  const { t } = useTranslation();
  const { move, remove, duplicate } = useBlocks();
  const chosen = useChosen();
  if (!chosen) return <></>;
  const { id, type } = chosen;
  const actions = [
    { name: "up", Icon: IconArrowUp, act: () => { move(id, -1); } },
    { name: "down", Icon: IconArrowDown, act: () => { move(id, 1); } },
    { name: "duplicate", Icon: IconCopy, act: () => { duplicate(id); } },
    { name: "remove", Icon: IconTrash, act: () => { remove(id); } },
  ];
  return (
    <div className="hd-actionbar" role="toolbar" aria-label={t(`templates.block.${type}`)}>
      <span>{t(`templates.block.${type}`)}</span>
      {actions.map(({ name, Icon, act }) => (
        <ActionIcon key={name} size={28} variant="subtle" aria-label={t(`templates.do.${name}`)} title={t(`templates.do.${name}`)} onClick={(event) => { event.stopPropagation(); act(); }}>
          <Icon size={16} aria-hidden />
        </ActionIcon>
      ))}
    </div>
  );
}
