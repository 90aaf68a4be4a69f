import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useAttributes, useEventNames } from "@/features/segments/queries";
import { Button, Group, Modal, Select, Stack, Text, TextInput } from "@/ui";
import { variableOf, writeVariable } from "../liquid";
import { catalogueOf, isSure, type Root } from "./variables";

interface PickerProps {
  /** The Liquid that is changed; null: something new. */
  source: string | null;
  put: (source: string) => void;
  close: () => void;
}

const ROOTS: Root[] = ["person", "event", "coupon", "workspace"];
const OWN = /^(person|event|run|coupon|workspace)\.[A-Za-z_][\w.-]*$/;

/** A value for the text: from the catalogue of what is known, and at once what stands there where it is missing. */
export function VariablePicker({ source, put, close }: PickerProps) {
  const { t } = useTranslation();
  const given = source === null ? null : variableOf(source);
  const [path, setPath] = useState<string | null>(given?.path ?? null);
  const [typed, setTyped] = useState("");
  const [fallback, setFallback] = useState(given?.fallback ?? "");
  const attributes = useAttributes().data?.items ?? [];
  const events = useEventNames().data?.items ?? [];
  const known = catalogueOf(attributes.map((one) => one.name), events);
  // What nobody has sent yet may be named all the same.
  const extra = [path, OWN.test(typed) ? typed : null].filter((one): one is string => one !== null && !known.some((other) => other.path === one));
  const data = [
    ...ROOTS.map((root) => ({ group: t(`templates.root.${root}`), items: known.filter((one) => one.root === root).map((one) => ({ value: one.path, label: one.path })) })),
    ...(extra.length > 0 ? [{ group: t("templates.root.other"), items: [...new Set(extra)].map((value) => ({ value, label: value })) }] : []),
  ];
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    event.stopPropagation();
    if (path === null) return;
    put(writeVariable({ path, fallback: fallback.trim() === "" || isSure(path) ? null : fallback }));
    close();
  };
  return (
    <Modal opened onClose={close} title={t("templates.value.title")} closeButtonProps={{ "aria-label": t("app.close") }}>
      <form onSubmit={submit}>
        <Stack>
          <Select data-autofocus label={t("templates.value.which")} placeholder={t("templates.value.search")} searchable dir="ltr" limit={200} maxDropdownHeight={280} data={data} value={path} onChange={setPath} searchValue={typed} onSearchChange={setTyped} nothingFoundMessage={t("templates.value.none")} comboboxProps={{ withinPortal: true }} />
          {path !== null && !isSure(path) && (
            <>
              <TextInput label={t("templates.value.fallback")} description={t("templates.value.fallback_hint")} dir="auto" value={fallback} onChange={(event) => { setFallback(event.currentTarget.value); }} />
              {fallback.trim() === "" && <Text fz="sm" c="var(--hd-wait)">{t("templates.value.no_fallback")}</Text>}
            </>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
            <Button type="submit" disabled={path === null}>{t(source === null ? "templates.value.put" : "templates.value.change")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
