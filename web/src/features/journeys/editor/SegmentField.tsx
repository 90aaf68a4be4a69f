import { useTranslation } from "react-i18next";
import { useSegmentList } from "@/features/segments/queries";
import { NativeSelect, Stack } from "@/ui";
import { ConditionField } from "./ConditionField";
import type { FieldProps } from "./fieldProps";
import { ProblemText } from "./ProblemText";

const BY_CONDITIONS = "conditions";

/** A segment that there is, or conditions of one's own. */
export function SegmentField(props: FieldProps) {
  const { t } = useTranslation();
  const { label, description, value, change, at, problems } = props;
  const segments = useSegmentList().data?.items ?? [];
  const isOwn = typeof value === "object" && value !== null;
  const here = problems.find((one) => one.field === at);
  const data = [
    { value: "0", label: t("edit.choose") },
    ...segments.map(({ id, name }) => ({ value: String(id), label: name })),
    { value: BY_CONDITIONS, label: t("edit.own_conditions") },
  ];
  return (
    <Stack gap="sm">
      <NativeSelect
        label={label}
        description={description}
        error={!isOwn && here && <ProblemText problem={here} />}
        value={isOwn ? BY_CONDITIONS : typeof value === "number" ? String(value) : "0"}
        data={data}
        onChange={(event) => { const next = event.currentTarget.value; change(next === BY_CONDITIONS ? { kind: "and", of: [] } : Number(next)); }}
      />
      {isOwn && <ConditionField {...props} label={t("edit.own_conditions")} description={null} optional={false} list={false} />}
    </Stack>
  );
}
