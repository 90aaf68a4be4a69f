import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useMe } from "@/features/session/queries";
import { Button, Card, Failure, Group, Modal, say, Stack, Text } from "@/ui";
import { useErase } from "./queries";
import type { Profile } from "./types";

function Erase({ person, name, close }: { person: Profile; name: string; close: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const erase = useErase(async () => {
    say(t("people.erase.begun"));
    await navigate("/people/erased");
  });
  return (
    <Modal opened onClose={close} title={t("people.erase.ask", { name: `\u2068${name}\u2069` })} closeButtonProps={{ "aria-label": t("app.close") }}>
      <Stack>
        <Text>{t("people.erase.what")}</Text>
        <Text c="dimmed" fz="sm">{t("people.erase.stays")}</Text>
        {erase.isError && <Failure error={erase.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
          <Button color="red.9" loading={erase.isPending} onClick={() => { erase.mutate(person.id); }}>{t("people.erase.do")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** What the law gives the person: a copy of everything, and to be forgotten. */
export function RightsCard({ person, name }: { person: Profile; name: string }) {
  const { t } = useTranslation();
  const me = useMe();
  const [asking, setAsking] = useState(false);
  const role = me.data?.state === "in" ? me.data.role : "viewer";
  if (["viewer", "sales"].includes(role)) return null;
  return (
    <Card title={t("people.rights")}>
      <Stack gap="sm">
        <Text c="dimmed" fz="sm">{t("people.rights_lead")}</Text>
        <Group gap="sm">
          <Button component="a" variant="default" href={`/api/v1/people/${String(person.id)}/export`} download>{t("people.export")}</Button>
          {role !== "marketer" && <Button variant="subtle" c="var(--hd-no)" onClick={() => { setAsking(true); }}>{t("people.erase.open")}</Button>}
        </Group>
        <Link className="hd-textlink hd-small" to="/people/erased">{t("people.erase.list")}</Link>
      </Stack>
      {asking && <Erase person={person} name={name} close={() => { setAsking(false); }} />}
    </Card>
  );
}
