import { useTranslation } from "react-i18next";
import { Card, Group, NativeSelect, Note, Stack, State, Switch, TextInput } from "@/ui";
import { DELIMITERS, ENCODINGS } from "./plan";
import type { Kind, Reading } from "./types";

const NAMES: Record<string, string> = { "\t": "tab", ",": "comma", ";": "semicolon", "|": "bar" };

interface Given {
  kind: Kind;
  reading: Reading;
  product: string;
  sure: boolean;
  change: (part: Partial<Reading>) => void;
}

/** How the file is read; every guess can be put right. */
export function ReadingCard({ kind, reading, product, sure, change }: Given) {
  const { t } = useTranslation();
  const isText = reading.format === "csv";
  const encodings = [...new Set([reading.encoding, ...ENCODINGS])];
  const marks = [...new Set([reading.delimiter, ...DELIMITERS])];
  return (
    <Card title={t("imports.reading")} side={<State tone="calm">{t(`imports.formats.${reading.format}`)}</State>}>
      <Stack>
        {product && <Note tone="yes">{t("imports.product", { name: t(`imports.products.${product}`) })}</Note>}
        <Group align="end">
          {(isText || reading.format === "ndjson") && (
            <NativeSelect label={t("imports.encoding")} data={encodings.map((one) => ({ value: one, label: t(`imports.encodings.${one}`, { defaultValue: one.toUpperCase() }) }))} value={reading.encoding} onChange={(event) => { change({ encoding: event.currentTarget.value }); }} />
          )}
          {isText && (
            <NativeSelect label={t("imports.delimiter")} data={marks.map((one) => ({ value: one, label: t(`imports.delimiters.${NAMES[one] ?? "other"}`, { mark: one }) }))} value={reading.delimiter} onChange={(event) => { change({ delimiter: event.currentTarget.value }); }} />
          )}
          {reading.format !== "ndjson" && (
            <>
              <NativeSelect label={t("imports.dates")} data={["iso", "dmy", "mdy"].map((one) => ({ value: one, label: t(`imports.date_styles.${one}`) }))} value={reading.dates} onChange={(event) => { change({ dates: event.currentTarget.value as Reading["dates"] }); }} />
              <NativeSelect label={t("imports.decimal")} data={[".", ","].map((one) => ({ value: one, label: `1234${one}5` }))} value={reading.decimal} onChange={(event) => { change({ decimal: event.currentTarget.value }); }} />
            </>
          )}
          {kind !== "events" && reading.format !== "ndjson" && (
            <TextInput label={t("imports.phone_prefix")} placeholder="+372" dir="ltr" w={120} maxLength={5} defaultValue={reading.phone_prefix} onBlur={(event) => { if (event.currentTarget.value !== reading.phone_prefix) change({ phone_prefix: event.currentTarget.value.trim() }); }} />
          )}
        </Group>
        {(isText || reading.format === "xlsx") && <Switch label={t("imports.has_header")} checked={reading.has_header} onChange={(event) => { change({ has_header: event.currentTarget.checked }); }} />}
        {!sure && <Note tone="wait">{t("imports.dates_unsure")}</Note>}
      </Stack>
    </Card>
  );
}
