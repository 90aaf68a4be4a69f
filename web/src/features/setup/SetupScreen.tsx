import { useEffect, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, useNavigate } from "react-router";
import { LanguageChoice, SignInFrame } from "@/features/session/SignInFrame";
import { useMe, useSetup } from "@/features/session/queries";
import { useLanguage } from "@/i18n/useFormat";
import { Button, Failure, PasswordInput, Stack, Text, TextInput, Title } from "@/ui";

/** First run: language, who you are, and how to begin. No mail provider, no DNS, no restart. */
export default function SetupScreen() {
  const { t } = useTranslation();
  const language = useLanguage();
  const me = useMe();
  const navigate = useNavigate();
  const setup = useSetup(() => { void me.refetch().then(() => navigate("/", { replace: true })); });
  useEffect(() => { document.title = `${t("setup.title")} · Hudhud`; }, [t]);
  if (me.data && me.data.state !== "setup" && !setup.isPending) return <Navigate to="/" replace />;

  const submit = (event: SyntheticEvent<HTMLFormElement, SubmitEvent>) => {
    event.preventDefault();
    const data = Object.fromEntries(new FormData(event.currentTarget)) as Record<"name" | "email" | "password", string>;
    const time_zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const sample = (event.nativeEvent.submitter as HTMLButtonElement | null)?.value !== "empty";
    setup.mutate({ sample, owner: { name: data.name, email: data.email, password: data.password, language, time_zone, workspace: t("setup.my_shop") } });
  };
  return (
    <SignInFrame>
      <form onSubmit={submit}>
        <Stack gap="xl">
          <div>
            <Title order={1}>{t("setup.title")}</Title>
            <Text c="dimmed" mt={6}>{t("setup.lead")}</Text>
          </div>
          <LanguageChoice />
          <Stack gap="md">
            <TextInput name="name" label={t("setup.name")} autoComplete="name" required size="md" />
            <TextInput name="email" type="email" label={t("setup.email")} autoComplete="username" dir="ltr" required size="md" />
            <PasswordInput name="password" label={t("setup.password")} description={t("setup.password_rule")} autoComplete="new-password" dir="ltr" minLength={8} required size="md" />
          </Stack>
          {setup.isError && <Failure error={setup.error} />}
          <Stack gap="xs">
            <Button type="submit" size="md" value="sample" loading={setup.isPending && setup.variables.sample}>{t("setup.explore")}</Button>
            <Text c="dimmed" fz="sm" ta="center">{t("setup.explore_hint")}</Text>
            <Button type="submit" size="md" variant="default" value="empty" loading={setup.isPending && !setup.variables.sample}>{t("setup.start_empty")}</Button>
          </Stack>
        </Stack>
      </form>
    </SignInFrame>
  );
}
