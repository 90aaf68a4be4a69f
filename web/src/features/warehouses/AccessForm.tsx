import type { ReactNode, SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { problemOf } from "@/api/problem";
import { Button, Failure, Group, NativeSelect, PasswordInput, Stack, TextInput } from "@/ui";
import type { Access, Connection } from "./types";

const TLS = ["require", "verify", "off"] as const;

interface Given {
  before?: Connection;
  error: unknown;
  pending: boolean;
  submit: (access: Access, fields: Record<string, string>) => void;
  action: string;
  children?: ReactNode;
}

/** Where a database is and who reads it; what the server says of a field stands at the field. */
export function AccessForm({ before, error, pending, submit, action, children }: Given) {
  const { t } = useTranslation();
  const problem = error ? problemOf(error) : null;
  const fields = ["host", "port", "database", "user", "password", "tls"];
  const wrong = (name: string) => (problem?.field === name ? problem.remedy : undefined);
  const send = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
    const connection: Connection = {
      host: (given.host ?? "").trim(), port: Number(given.port), database: (given.database ?? "").trim(), user: (given.user ?? "").trim(),
      tls: TLS.find((one) => one === given.tls) ?? "require",
    };
    submit({ connection, password: given.password ?? "" }, given);
  };
  return (
    <form onSubmit={send}>
      <Stack>
        {children}
        <Group grow preventGrowOverflow={false} align="start">
          <TextInput name="host" required dir="ltr" label={t("warehouses.host")} placeholder="db.example.com" maxLength={253} defaultValue={before?.host} error={wrong("host")} />
          <TextInput name="port" required dir="ltr" w={110} inputMode="numeric" pattern="[0-9]{1,5}" label={t("warehouses.port")} defaultValue={before?.port ?? 5432} error={wrong("port")} />
        </Group>
        <TextInput name="database" required dir="ltr" label={t("warehouses.database")} maxLength={63} defaultValue={before?.database} error={wrong("database")} />
        <Group grow align="start">
          <TextInput name="user" required dir="ltr" label={t("warehouses.user")} description={t("warehouses.user_hint")} maxLength={63} defaultValue={before?.user} error={wrong("user")} />
          <PasswordInput name="password" dir="ltr" label={t("warehouses.password")} description={t("warehouses.password_hint")} autoComplete="off" maxLength={1000} error={wrong("password")} />
        </Group>
        <NativeSelect name="tls" label={t("warehouses.encryption")} data={TLS.map((one) => ({ value: one, label: t(`warehouses.tls.${one}`) }))} defaultValue={before?.tls} error={wrong("tls")} />
        {problem && !fields.includes(problem.field ?? "") && <Failure error={error} />}
        <Group><Button type="submit" loading={pending}>{action}</Button></Group>
      </Stack>
    </form>
  );
}
