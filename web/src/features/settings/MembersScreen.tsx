import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/features/session/queries";
import { useFormat, useNow } from "@/i18n/useFormat";
import {
  ActionIcon, Avatar, Button, Card, CodeBlock, Failure, Group, IconTrash, Loading, Ltr, Name, NativeSelect, Note,
  Stack, Text, TextInput, say, useDisclosure,
} from "@/ui";
import { SettingsPage } from "./SettingsPage";
import { itemsOfList } from "./snippet";
import { useAddMember, useMembers, useRemoveMember, useSetRole } from "./queries";
import { ROLES, type Member, type NewMember, type Role } from "./types";

function useRoles() {
  const { t } = useTranslation();
  return ROLES.map((role) => ({ value: role, label: t(`settings.role.${role}`) }));
}

/** Whoever made an API key knows it. */
function KeysOf({ member, remove }: { member: Member; remove: (keepKeys: boolean) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Stack style={{ flexBasis: "100%" }}>
      <Note tone="wait">{t("settings.remove_with_keys", { count: member.api_keys, number: format.number(member.api_keys), name: member.name || member.email })}</Note>
      <Group>
        <Button onClick={() => { remove(false); }}>{t("settings.remove_and_end")}</Button>
        <Button variant="default" onClick={() => { remove(true); }}>{t("settings.remove_and_keep")}</Button>
      </Group>
    </Stack>
  );
}

function Row({ member, mayChange }: { member: Member; mayChange: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const roles = useRoles();
  const setRole = useSetRole();
  const remove = useRemoveMember();
  const [asks, { toggle }] = useDisclosure();
  const takeOut = (keepKeys: boolean) => { remove.mutate({ id: member.user_id, keepKeys }); };
  const name = member.name || member.email;
  return (
    <li className="hd-row" style={{ flexWrap: "wrap" }}>
      <Avatar name={name} seed={member.user_id} />
      <span className="hd-grow">
        <Name>{name}</Name>
        <span className="hd-clip hd-dim hd-small" dir="ltr"><Ltr>{member.email}</Ltr></span>
      </span>
      <Text component="span" c="dimmed" fz="sm" visibleFrom="md">{member.last_login_at ? format.ago(member.last_login_at, now) : t("settings.never_in")}</Text>
      {mayChange
        ? (
          <>
            <NativeSelect aria-label={t("settings.role_of", { name })} data={roles} value={member.role} disabled={setRole.isPending} onChange={(event) => { setRole.mutate({ id: member.user_id, role: event.currentTarget.value as Role }); }} />
            <ActionIcon variant="subtle" color="gray" aria-label={t("settings.remove_named", { name })} loading={remove.isPending} onClick={() => { if (member.api_keys > 0) toggle(); else takeOut(false); }}>
              <IconTrash size={18} />
            </ActionIcon>
          </>
        )
        : <Text component="span">{t(`settings.role.${member.role}`)}</Text>}
      {asks && <KeysOf member={member} remove={takeOut} />}
      {(setRole.error ?? remove.error) && <div style={{ flexBasis: "100%" }}><Failure error={setRole.error ?? remove.error} /></div>}
    </li>
  );
}

function Invite() {
  const { t } = useTranslation();
  const roles = useRoles();
  const [added, setAdded] = useState<NewMember | null>(null);
  const add = useAddMember((member) => { setAdded(member); say(t("settings.member_added")); });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    add.mutate(Object.fromEntries(new FormData(event.currentTarget)) as { email: string; name: string; role: Role });
  };
  return (
    <Card title={t("settings.invite")}>
      <form onSubmit={submit}>
        <Stack>
          <Group align="end" grow preventGrowOverflow={false}>
            <TextInput name="name" label={t("settings.member_name")} maxLength={150} />
            <TextInput name="email" type="email" label={t("setup.email")} dir="ltr" required />
            <NativeSelect name="role" label={t("settings.role_label")} data={roles} defaultValue="marketer" />
          </Group>
          {add.isError && <Failure error={add.error} />}
          <Group><Button type="submit" loading={add.isPending}>{t("settings.add")}</Button></Group>
          {added?.first_password && (
            <>
              <Note tone="wait">{t("settings.first_password", { email: added.email })}</Note>
              <CodeBlock code={added.first_password} label={t("setup.password")} />
            </>
          )}
        </Stack>
      </form>
    </Card>
  );
}

export default function MembersScreen() {
  const { t } = useTranslation();
  const me = useMe();
  const members = useMembers();
  const mayChange = me.data?.state === "in" && ["admin", "owner"].includes(me.data.role);
  return (
    <SettingsPage tab="members" lead={t("settings.members_lead")}>
      {members.isError && <Failure error={members.error} retry={() => void members.refetch()} />}
      <Card title={t("settings.tab.members")} flush={!members.isPending}>
        {members.isPending && <Loading rows={2} />}
        <ul className="hd-list">{itemsOfList(members.data).map((one) => <Row key={one.user_id} member={one} mayChange={mayChange} />)}</ul>
      </Card>
      {mayChange && <Invite />}
    </SettingsPage>
  );
}
