import { useTranslation } from "react-i18next";
import { NativeSelect, PasswordInput, TextInput } from "@/ui";
import type { SettingShape } from "./types";

interface Props {
  name: string;
  shape: SettingShape;
  isRequired: boolean;
  isKept: boolean;
  value: string | number;
  error?: string;
  change: (value: string | number) => void;
}

/** One setting of a provider, drawn from its JSON schema. */
export function SettingField({ name, shape, isRequired, isKept, value, error, change }: Props) {
  const { t } = useTranslation();
  const label = t(`channels.setting.${name}`);
  const shared = { label, error, required: isRequired && !isKept, dir: "ltr" as const };
  if (shape.enum) {
    const data = shape.enum.map((one) => ({ value: one, label: t(`channels.option.${one.replaceAll("-", "_")}`, { defaultValue: one }) }));
    return <NativeSelect label={label} error={error} data={data} value={value} onChange={(event) => { change(event.currentTarget.value); }} />;
  }
  if (shape.format === "password") {
    return <PasswordInput {...shared} autoComplete="off" description={isKept ? t("channels.secret_kept") : t("channels.secret_hint")} value={value} onChange={(event) => { change(event.currentTarget.value); }} />;
  }
  if (shape.type === "integer") {
    return <TextInput {...shared} type="number" min={shape.minimum} max={shape.maximum} value={value} onChange={(event) => { change(event.currentTarget.value === "" ? "" : Number(event.currentTarget.value)); }} />;
  }
  return <TextInput {...shared} value={value} onChange={(event) => { change(event.currentTarget.value); }} />;
}
