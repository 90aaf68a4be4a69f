import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, Group, Modal, SegmentedControl, Text } from "@/ui";
import type { Mode } from "../types";

const MODES: Mode[] = ["blocks", "mjml", "html"];

/** Blocks, MJML or HTML; what was written in one way cannot be carried into another, so it is asked first. */
export function ModeSwitch({ mode, change }: { mode: Mode; change: (mode: Mode) => void }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<Mode | null>(null);
  const close = () => { setAsked(null); };
  return (
    <>
      <SegmentedControl size="xs" aria-label={t("templates.mode.title")} value={mode} onChange={(next) => { if (next !== mode) setAsked(next); }} data={MODES.map((value) => ({ value, label: t(`templates.mode.${value}`) }))} />
      {asked && (
        <Modal opened onClose={close} title={t("templates.mode_ask", { mode: t(`templates.mode.${asked}`) })} closeButtonProps={{ "aria-label": t("app.close") }}>
          <Text>{t("templates.mode_what")}</Text>
          <Group mt="lg" justify="flex-end">
            <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
            <Button onClick={() => { change(asked); close(); }}>{t("templates.mode_do")}</Button>
          </Group>
        </Modal>
      )}
    </>
  );
}
