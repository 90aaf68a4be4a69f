import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Button, Card, Failure, Group, NativeSelect, PasswordInput, Stack, Text, TextInput, say } from "@/ui";
import { useSetSignature } from "./queries";
import type { Hook, Signature } from "./types";

const ALGORITHMS = ["sha256", "sha1", "sha512"] as const;
type Kind = "none" | "hmac" | "standard";

function toSignature(kind: Kind, given: Record<string, string>): Signature | null {
  if (kind === "none") return null;
  if (kind === "standard") return { kind };
  return { kind, header: given.header ?? "", algorithm: ALGORITHMS.find((one) => one === given.algorithm) ?? "sha256", prefix: given.prefix ?? "" };
}

/** Whether bodies must be signed by the other side, and how. */
export function SignatureCard({ hook }: { hook: Hook }) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<Kind>(hook.signature?.kind ?? "none");
  const save = useSetSignature(hook.id);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
    save.mutate({ signature: toSignature(kind, given), secret: given.secret ?? "" }, { onSuccess: () => { say(t("hooks.saved")); } });
  };
  return (
    <Card title={t("hooks.signature")}>
      <form onSubmit={submit}>
        <Stack>
          <NativeSelect
            aria-label={t("hooks.signature")} value={kind} onChange={(event) => { setKind(event.currentTarget.value as Kind); }}
            data={(["none", "hmac", "standard"] as const).map((one) => ({ value: one, label: t(`hooks.signed.${one}`) }))}
          />
          <Text c="dimmed" fz="sm">{t(`hooks.signed_lead.${kind}`)}</Text>
          {kind === "hmac" && (
            <>
              <TextInput name="header" required dir="ltr" label={t("hooks.header")} placeholder="X-Signature" defaultValue={hook.signature?.header} maxLength={100} />
              <NativeSelect name="algorithm" dir="ltr" label={t("hooks.algorithm")} data={[...ALGORITHMS]} defaultValue={hook.signature?.algorithm} />
              <TextInput name="prefix" dir="ltr" label={t("hooks.prefix")} placeholder="sha256=" defaultValue={hook.signature?.prefix} maxLength={20} />
            </>
          )}
          {kind !== "none" && (
            <PasswordInput
              name="secret" dir="ltr" label={t("hooks.secret")} description={hook.signature ? t("hooks.secret_stays") : undefined} required={!hook.signature}
              autoComplete="off" maxLength={500}
            />
          )}
          {save.isError && <Failure error={save.error} />}
          <Group><Button size="xs" variant="default" type="submit" loading={save.isPending}>{t("settings.save")}</Button></Group>
        </Stack>
      </form>
    </Card>
  );
}
