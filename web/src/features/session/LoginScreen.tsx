import { useEffect, useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Link, Navigate, useLocation, useNavigate } from "react-router";
import { Button, Divider, Failure, IconFingerprint, PasswordInput, Stack, Text, TextInput, Title } from "@/ui";
import { hasPasskeys, useGiveCode, useMe, usePasskeySignIn, useSignIn } from "./queries";
import { LanguageChoice, SignInFrame } from "./SignInFrame";

function field(event: SyntheticEvent<HTMLFormElement>, name: string): string {
  const value = new FormData(event.currentTarget).get(name);
  return typeof value === "string" ? value : "";
}

function CodeForm({ done }: { done: () => void }) {
  const { t } = useTranslation();
  const give = useGiveCode(done);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    give.mutate(field(event, "code").replace(/\s/g, ""));
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text c="dimmed">{t("setup.code_lead")}</Text>
        <TextInput name="code" label={t("setup.code")} autoFocus autoComplete="one-time-code" inputMode="text" dir="ltr" required size="md" />
        {give.isError && <Failure error={give.error} />}
        <Button type="submit" size="md" loading={give.isPending}>{t("setup.go_on")}</Button>
      </Stack>
    </form>
  );
}

function PasswordForm({ done, needCode }: { done: () => void; needCode: () => void }) {
  const { t } = useTranslation();
  const sign = useSignIn((result) => { if (result === "code") needCode(); else done(); });
  const passkey = usePasskeySignIn(done);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    sign.mutate({ email: field(event, "email"), password: field(event, "password") });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput name="email" type="email" label={t("setup.email")} autoComplete="username" dir="ltr" required size="md" />
        <PasswordInput name="password" label={t("setup.password")} autoComplete="current-password" dir="ltr" required size="md" />
        {sign.isError && <Failure error={sign.error} />}
        <Button type="submit" size="md" loading={sign.isPending}>{t("setup.sign_in")}</Button>
        <Text fz="sm" ta="center"><Link to="/sign-in/reset" className="hd-textlink">{t("setup.forgot")}</Link></Text>
        {hasPasskeys() && (
          <>
            <Divider label={t("setup.or")} />
            <Button variant="default" size="md" leftSection={<IconFingerprint size={19} />} loading={passkey.isPending} onClick={() => { passkey.mutate(); }}>
              {t("setup.by_passkey")}
            </Button>
            {passkey.isError && <Failure error={passkey.error} />}
          </>
        )}
      </Stack>
    </form>
  );
}

export default function LoginScreen() {
  const { t } = useTranslation();
  const me = useMe();
  const navigate = useNavigate();
  const { state } = useLocation() as { state: { from?: string } | null };
  const [code, setCode] = useState(false);
  useEffect(() => { document.title = `${t("setup.sign_in")} · Hudhud`; }, [t]);
  if (me.data?.state === "setup") return <Navigate to="/setup" replace />;
  if (me.data?.state === "in") return <Navigate to={state?.from ?? "/"} replace />;
  const done = () => { void me.refetch().then(() => navigate(state?.from ?? "/", { replace: true })); };
  return (
    <SignInFrame>
      <Stack gap="xl">
        <Title order={1}>{t("setup.welcome_back")}</Title>
        {code ? <CodeForm done={done} /> : <PasswordForm done={done} needCode={() => { setCode(true); }} />}
        <LanguageChoice />
      </Stack>
    </SignInFrame>
  );
}
