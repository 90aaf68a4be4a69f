import { useEffect, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { problemOf } from "@/api/problem";
import { Button, Failure, Loading, Note, PasswordInput, Stack, Text, TextInput, Title } from "@/ui";
import { useNewPassword, useResetKey } from "./queries";
import { LanguageChoice, SignInFrame } from "./SignInFrame";

function Spent() {
  const { t } = useTranslation();
  return (
    <Stack>
      <Note tone="wait">{t("setup.reset.spent")}</Note>
      <Link to="/sign-in/reset" className="hd-textlink">{t("setup.reset.again")}</Link>
    </Stack>
  );
}

function PasswordForm({ resetKey, email }: { resetKey: string; email: string }) {
  const { t, i18n } = useTranslation();
  const save = useNewPassword(resetKey);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = new FormData(event.currentTarget).get("password");
    save.mutate(typeof password === "string" ? password : "");
  };
  if (save.isSuccess) return <Note tone="yes">{t("setup.reset.done")}</Note>;
  const problem = save.isError ? problemOf(save.error) : null;
  if (problem?.field === "key") return <Spent />;
  const known = `app.problem.${problem?.code ?? ""}`;
  const wrong = problem?.field === "password" ? (i18n.exists(known) ? t(known) : problem.message) : undefined;
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text c="dimmed">{t("setup.reset.choose")}</Text>
        {/* So that the browser's keychain knows whose password this is. */}
        <TextInput name="email" type="email" label={t("setup.email")} value={email} readOnly autoComplete="username" dir="ltr" size="md" />
        <PasswordInput name="password" label={t("setup.password")} description={t("setup.password_rule")} error={wrong} autoComplete="new-password" dir="ltr" minLength={8} required size="md" autoFocus />
        {save.isError && !wrong && <Failure error={save.error} />}
        <Button type="submit" size="md" loading={save.isPending}>{t("setup.reset.save")}</Button>
      </Stack>
    </form>
  );
}

/** Behind the link in the mail: a new password, or word that the link is spent. */
export default function NewPasswordScreen() {
  const { t } = useTranslation();
  const { key = "" } = useParams();
  const found = useResetKey(key);
  useEffect(() => { document.title = `${t("setup.reset.title")} · Hudhud`; }, [t]);
  return (
    <SignInFrame>
      <Stack gap="xl">
        <Title order={1}>{t("setup.reset.title")}</Title>
        {found.isPending && <Loading rows={3} />}
        {found.isError && (problemOf(found.error).field === "key" ? <Spent /> : <Failure error={found.error} />)}
        {found.data && <PasswordForm resetKey={key} email={found.data.email} />}
        <Link to="/login" className="hd-textlink">{t("setup.reset.to_sign_in")}</Link>
        <LanguageChoice />
      </Stack>
    </SignInFrame>
  );
}
