import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { RemoveButton } from "@/features/segments/fields";
import { ActionIcon, Button, Group, IconArrowUp, IconPlus, Input, Stack, Text } from "@/ui";
import type { OuterProps } from "./fieldProps";
import { ProblemText } from "./ProblemText";
import type { Spec } from "./spec";
import { rowsOf, type Values } from "./values";

/** Several of the same form; where their order matters, they can be moved up. */
export function RowsField({ label, description, at, value, values, change, problems, spec, inner }: OuterProps & { spec: Extract<Spec, { as: "rows" }> }) {
  const { t } = useTranslation();
  const format = useFormat();
  const rows = rowsOf(value);
  const here = problems.find((one) => one.field === at);
  const put = (index: number, row: Values) => { change(rows.with(index, row)); };
  const up = (index: number) => { change(rows.map((row, place) => (place === index - 1 ? rows[index] : place === index ? rows[index - 1] : row))); };
  return (
    <Input.Wrapper label={label} description={description} error={here && <ProblemText problem={here} />} labelElement="div">
      <Stack gap="sm" mt={6}>
        {rows.map((row, index) => (
          <div key={index} className="hd-edit-row">
            <Group justify="space-between" gap="xs">
              <Text fz="sm" fw={600}>{t("edit.row", { number: format.number(index + 1) })}</Text>
              <Group gap={2}>
                {spec.ordered && index > 0 && <ActionIcon variant="subtle" color="gray" aria-label={t("edit.up", { number: format.number(index + 1) })} onClick={() => { up(index); }}><IconArrowUp size={16} aria-hidden /></ActionIcon>}
                {rows.length > spec.least && <RemoveButton label={t("edit.remove_row", { number: format.number(index + 1) })} remove={() => { const left = rows.toSpliced(index, 1); change(left.length > 0 ? left : undefined); }} />}
              </Group>
            </Group>
            <Stack gap="sm">{inner({ specs: spec.row, values: row, base: `${at}[${String(index)}]`, change: (next) => { put(index, next); }, problems })}</Stack>
          </div>
        ))}
        <div><Button variant="light" size="compact-sm" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => { change([...rows, spec.make(values)]); }}>{t("edit.add_row")}</Button></div>
      </Stack>
    </Input.Wrapper>
  );
}
