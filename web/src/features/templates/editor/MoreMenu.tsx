import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Unsaved } from "@/features/drafts/Unsaved";
import { pickName } from "@/i18n/names";
import { LANGUAGES, LANGUAGE_NAMES } from "@/i18n/languages";
import { useLanguage } from "@/i18n/useFormat";
import { ActionIcon, Button, Failure, Group, IconArchive, IconArrowBackUp, IconCopy, IconHistory, IconMenu2, IconPencil, Menu, Modal, Stack, TextInput, say } from "@/ui";
import { useArchive, useDropDraft, useDuplicate } from "../queries";
import type { Draft } from "../types";
import { VersionsDialog } from "./VersionsDialog";

type Names = Record<string, string>;

function RenameDialog({ names, rename, close }: { names: Names; rename: (names: Names) => void; close: () => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(names);
  const kept = Object.fromEntries(Object.entries(typed).filter(([, name]) => name.trim() !== ""));
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    rename(kept);
    close();
  };
  return (
    <Modal opened onClose={close} title={t("templates.rename")} closeButtonProps={{ "aria-label": t("app.close") }}>
      <form onSubmit={submit}>
        <Stack>
          {LANGUAGES.map((one) => <TextInput key={one} label={<span lang={one}>{LANGUAGE_NAMES[one]}</span>} dir="auto" maxLength={200} value={typed[one] ?? ""} onChange={(event) => { setTyped({ ...typed, [one]: event.currentTarget.value }); }} />)}
          <Group justify="flex-end"><Button type="submit" disabled={Object.keys(kept).length === 0}>{t("templates.rename_do")}</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}

interface MoreProps {
  draft: Draft;
  names: Names;
  rename: (names: Names) => void;
  leave: () => void;
  reload: () => void;
}

/** What is done with a whole template. */
export function MoreMenu({ draft, names, rename, leave, reload }: MoreProps) {
  const { t } = useTranslation();
  const ours = useLanguage();
  const navigate = useNavigate();
  const [isRenaming, setRenaming] = useState(false);
  const [isGoingBack, setGoingBack] = useState(false);
  const drop = useDropDraft(draft.key, () => { say(t("templates.dropped")); if (draft.number === null) leave(); else reload(); });
  const archive = useArchive(() => { say(t("templates.archived_it")); leave(); });
  const duplicate = useDuplicate((made) => void navigate(`/templates/${made.key}`));
  const copyNames = { ...names, [ours]: t("templates.copy_of", { name: pickName(names, ours, draft.key) }) };
  return (
    <>
      <Menu position="bottom-end" shadow="md" width={230}>
        <Menu.Target><ActionIcon variant="default" size={36} aria-label={t("templates.more")} title={t("templates.more")}><IconMenu2 size={18} aria-hidden /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={() => { setRenaming(true); }}>{t("templates.rename")}</Menu.Item>
          <Menu.Item leftSection={<IconCopy size={16} aria-hidden />} onClick={() => { duplicate.mutate({ key: draft.key, names: copyNames }); }}>{t("templates.duplicate")}</Menu.Item>
          {draft.number !== null && <Menu.Item leftSection={<IconHistory size={16} aria-hidden />} onClick={() => { setGoingBack(true); }}>{t("versions.title")}</Menu.Item>}
          {draft.number !== null && <Menu.Item leftSection={<IconArchive size={16} aria-hidden />} onClick={() => { archive.mutate(draft.key); }}>{t("templates.archive")}</Menu.Item>}
          {draft.revision > 0 && <Menu.Item leftSection={<IconArrowBackUp size={16} className="hd-flip" aria-hidden />} onClick={() => { drop.mutate(draft.revision); }}>{t(draft.number === null ? "templates.delete" : "templates.drop")}</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
      {isRenaming && <RenameDialog names={names} rename={rename} close={() => { setRenaming(false); }} />}
      {isGoingBack && <VersionsDialog templateKey={draft.key} close={() => { setGoingBack(false); }} done={() => { setGoingBack(false); reload(); }} />}
      {drop.isError && <Unsaved error={drop.error} take={reload} />}
      {archive.isError && <Failure error={archive.error} />}
      {duplicate.isError && <Failure error={duplicate.error} />}
    </>
  );
}
