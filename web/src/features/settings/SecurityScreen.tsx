import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure, Loading, Stack } from "@/ui";
import { ConfirmPassword } from "./ConfirmPassword";
import { PasskeysCard } from "./PasskeysCard";
import { PasswordCard } from "./PasswordCard";
import { SettingsPage } from "./SettingsPage";
import { TotpCard } from "./TotpCard";
import { useAuthenticators } from "./queries";

/** How one proves to be oneself: password, codes from an app, passkeys. */
export default function SecurityScreen() {
  const { t } = useTranslation();
  const authenticators = useAuthenticators();
  // What to do again once the password is confirmed.
  const [waiting, setWaiting] = useState<(() => void) | null>(null);
  const ask = (again: () => void) => { setWaiting(() => again); };
  return (
    <SettingsPage tab="security" lead={t("settings.security_lead")}>
      {authenticators.isError && <Failure error={authenticators.error} retry={() => void authenticators.refetch()} />}
      {authenticators.isPending && <Loading rows={4} />}
      {authenticators.data && (
        <Stack gap={20}>
          <TotpCard authenticators={authenticators.data} confirm={ask} />
          <PasskeysCard authenticators={authenticators.data} confirm={ask} />
          <PasswordCard />
        </Stack>
      )}
      <ConfirmPassword opened={waiting !== null} close={() => { setWaiting(null); }} done={() => { waiting?.(); setWaiting(null); }} />
    </SettingsPage>
  );
}
