import { useTranslation } from "react-i18next";
import { RemoveButton } from "@/features/segments/fields";
import { useFormat } from "@/i18n/useFormat";
import { Button, Group, IconPlus, Input, Stack, Text, TextInput } from "@/ui";
import type { FieldProps } from "./fieldProps";
import { NumberField } from "./ValueFields";
import { evenly, nameOfNext } from "./shares";
import { numberOf, rowsOf, textOf } from "./values";

/** Ways by lot: what each is called and how many go it; together they are everybody. */
export function SharesField(props: FieldProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const { label, description, error, value, change } = props;
  const rows = rowsOf(value);
  const sum = rows.reduce((total, row) => total + (numberOf(row.percent) ?? 0), 0);
  const percent = format.percent(sum / 100);
  const add = () => { change(evenly([...rows, { name: nameOfNext(rows.map((row) => textOf(row.name))), percent: 0, next: rows[0]?.next ?? "" }])); };
  return (
    <Input.Wrapper label={label} description={description} error={error} labelElement="div">
      <Stack gap={8} mt={6}>
        {rows.map((row, index) => (
          <Group key={index} gap="xs" align="start" wrap="nowrap">
            <TextInput className="hd-grow" aria-label={t("edit.way_name")} dir="auto" maxLength={100} value={textOf(row.name)} onChange={(event) => { change(rows.with(index, { ...row, name: event.currentTarget.value })); }} />
            <NumberField {...props} label="" named={t("edit.way_percent")} description={null} error={null} optional={false} value={row.percent} change={(next) => { change(rows.with(index, { ...row, percent: next })); }} min={0.01} max={99.99} />
            {rows.length > 2 && <RemoveButton label={t("edit.remove_way", { name: textOf(row.name) })} remove={() => { change(evenly(rows.toSpliced(index, 1))); }} />}
          </Group>
        ))}
        <Text fz="sm" c={Math.abs(sum - 100) < 1e-9 ? "dimmed" : "var(--hd-no)"} aria-live="polite">{t("edit.sum", { percent })}</Text>
        <Group gap="xs">
          <Button variant="light" size="compact-sm" leftSection={<IconPlus size={14} aria-hidden />} onClick={add}>{t("edit.add_way")}</Button>
          <Button variant="subtle" size="compact-sm" onClick={() => { change(evenly(rows)); }}>{t("edit.evenly")}</Button>
        </Group>
      </Stack>
    </Input.Wrapper>
  );
}
