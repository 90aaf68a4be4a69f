import { useEffect, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Button, CodeBlock, Failure, Note, Stack, Text, TextInput, Title } from "@/ui";
import { useRequestReset, useSetupState } from "./queries";
import { LanguageChoice, SignInFrame } from "./SignInFrame";

function AskForm() {
  const { t } = useTranslation();
  const request = useRequestReset();
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const email = new FormData(event.currentTarget).get("email");
    request.mutate(typeof email === "string" ? email : "");
  };
  if (request.isSuccess) {
    return (
      <Stack role="status">
        <Note tone="yes">{t("setup.reset.sent")}</Note>
        <Text c="dimmed" fz="sm">{t("setup.reset.look")}</Text>
      </Stack>
    );
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text c="dimmed">{t("setup.reset.lead")}</Text>
        <TextInput name="email" type="email" label={t("setup.email")} autoComplete="username" dir="ltr" required size="md" autoFocus />
        {request.isError && <Failure error={request.error} />}
        <Button type="submit" size="md" loading={request.isPending}>{t("setup.reset.send")}</Button>
      </Stack>
    </form>
  );
}

/** No mail server, no link: what to do instead. */
function NoMail() {
  const { t } = useTranslation();
  return (
    <Stack>
      <Text>{t("setup.reset.no_mail")}</Text>
      <CodeBlock code="hudhud owner password --email you@example.com" label={t("setup.reset.command")} />
    </Stack>
  );
}

/** A forgotten password: ask for the link. Whether the address is known is told to nobody. */
export default function ResetScreen() {
  const { t } = useTranslation();
  const setup = useSetupState();
  useEffect(() => { document.title = `${t("setup.reset.title")} · Hudhud`; }, [t]);
  return (
    <SignInFrame>
      <Stack gap="xl">
        <Title order={1}>{t("setup.reset.title")}</Title>
        {setup.isError && <Failure error={setup.error} />}
        {setup.data && (setup.data.mail ? <AskForm /> : <NoMail />)}
        <Link to="/login" className="hd-textlink">{t("setup.reset.to_sign_in")}</Link>
        <LanguageChoice />
      </Stack>
    </SignInFrame>
  );
}
