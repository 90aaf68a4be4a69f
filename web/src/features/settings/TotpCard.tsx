import { lazy, Suspense, useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Button, Card, CodeBlock, Failure, Group, Ltr, Note, Skeleton, Stack, State, Text, TextInput } from "@/ui";
import { wantsPassword } from "./ConfirmPassword";
import { useAddTotp, useNewTotp, useRemoveTotp, type Authenticator } from "./queries";

const QrCode = lazy(async () => ({ default: (await import("qrcode.react")).QRCodeSVG }));

interface CardProps {
  authenticators: Authenticator[];
  confirm: (again: () => void) => void;
}

function AddTotp({ confirm, done }: { confirm: CardProps["confirm"]; done: (codes: string[]) => void }) {
  const { t } = useTranslation();
  const totp = useNewTotp(true);
  const add = useAddTotp(done);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget).get("code");
    const code = typeof given === "string" ? given.replace(/\s/g, "") : "";
    add.mutate(code, { onError: (error) => { if (wantsPassword(error)) confirm(() => { add.mutate(code); }); } });
  };
  if (totp.isError) return <Failure error={totp.error} retry={() => { confirm(() => void totp.refetch()); }} />;
  if (!totp.data) return <Skeleton height={160} />;
  return (
    <form onSubmit={submit}>
      <Group align="flex-start" gap="xl">
        <div style={{ background: "#fff", padding: 12, borderRadius: 12 }}>
          <Suspense fallback={<Skeleton height={148} width={148} />}><QrCode value={totp.data.totp_url} size={148} title={t("settings.qr")} /></Suspense>
        </div>
        <Stack className="hd-grow" maw={420}>
          <Text>{t("settings.totp_scan")}</Text>
          <Text fz="sm" c="dimmed">{t("settings.totp_secret")} <Ltr><code>{totp.data.secret}</code></Ltr></Text>
          <TextInput name="code" label={t("settings.totp_code")} inputMode="numeric" autoComplete="one-time-code" dir="ltr" required />
          {add.isError && !wantsPassword(add.error) && <Failure error={add.error} />}
          <Group><Button type="submit" loading={add.isPending}>{t("settings.turn_on")}</Button></Group>
        </Stack>
      </Group>
    </form>
  );
}

/** Codes from an authenticator app as the second proof. */
export function TotpCard({ authenticators, confirm }: CardProps) {
  const { t } = useTranslation();
  const [adding, setAdding] = useState(false);
  const [codes, setCodes] = useState<string[] | null>(null);
  const remove = useRemoveTotp();
  const isOn = authenticators.some((one) => one.type === "totp");
  const takeAway = () => {
    remove.mutate(undefined, { onError: (error) => { if (wantsPassword(error)) confirm(() => { remove.mutate(undefined); }); } });
  };
  return (
    <Card title={t("settings.totp")} side={<State tone={isOn ? "yes" : "calm"}>{t(isOn ? "settings.on" : "settings.off")}</State>}>
      <Stack>
        <Text c="dimmed">{t("settings.totp_lead")}</Text>
        {codes && (
          <>
            <Note tone="wait">{t("settings.codes_once")}</Note>
            <CodeBlock code={codes.join("\n")} label={t("settings.codes")} />
          </>
        )}
        {remove.isError && !wantsPassword(remove.error) && <Failure error={remove.error} />}
        {isOn && <Group><Button variant="default" loading={remove.isPending} onClick={takeAway}>{t("settings.turn_off")}</Button></Group>}
        {!isOn && !adding && <Group><Button variant="default" onClick={() => { confirm(() => { setAdding(true); }); }}>{t("settings.turn_on")}</Button></Group>}
        {!isOn && adding && <AddTotp confirm={confirm} done={(made) => { setCodes(made); setAdding(false); }} />}
      </Stack>
    </Card>
  );
}
