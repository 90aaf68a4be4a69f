import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { BackLink, Button, Card, Columns, Facts, Failure, Group, Loading, Ltr, Modal, Name, Page, Stack, Text, say, useDisclosure } from "@/ui";
import { AccessForm } from "./AccessForm";
import { useAnew, useConnect, useForget, useWarehouse } from "./queries";
import { RunsCard } from "./RunsCard";
import { ScheduleCard } from "./ScheduleCard";
import { SelectionCard } from "./SelectionCard";
import type { Warehouse } from "./types";

function ConnectionCard({ one }: { one: Warehouse }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [isOpen, setOpen] = useState(false);
  const connect = useConnect(one.id);
  const done = () => { setOpen(false); say(t("warehouses.saved")); };
  return (
    <Card title={t("warehouses.connection")}>
      <Stack>
        <Facts items={[
          [t("warehouses.host"), <Ltr key="host">{`${one.connection.host}:${String(one.connection.port)}`}</Ltr>],
          [t("warehouses.database"), <Ltr key="database">{one.connection.database}</Ltr>],
          [t("warehouses.user"), <Ltr key="user">{one.connection.user}</Ltr>],
          [t("warehouses.place"), one.place ? <Ltr key="place">{one.place}</Ltr> : "–"],
          [t("warehouses.next_time"), one.next_at && !one.is_paused ? format.dateTime(one.next_at) : "–"],
        ]} />
        {!isOpen && <Group><Button size="xs" variant="default" onClick={() => { setOpen(true); }}>{t("warehouses.change_connection")}</Button></Group>}
        {isOpen && <AccessForm before={one.connection} error={connect.error} pending={connect.isPending} action={t("warehouses.connect")} submit={(access) => { connect.mutate(access, { onSuccess: done }); }} />}
      </Stack>
    </Card>
  );
}

function EndCard({ one }: { one: Warehouse }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [isOpen, { open, close }] = useDisclosure();
  const anew = useAnew(one.id);
  const forget = useForget(one.id);
  return (
    <Card title={t("warehouses.manage")}>
      <Stack>
        <Text c="dimmed" fz="sm" mt={-8}>{t("warehouses.anew_lead")}</Text>
        {anew.isError && <Failure error={anew.error} />}
        <Group gap="xs">
          <Button size="xs" variant="default" disabled={!one.place} loading={anew.isPending} onClick={() => { anew.mutate(undefined, { onSuccess: () => { say(t("warehouses.saved")); } }); }}>{t("warehouses.anew")}</Button>
          <Button size="xs" variant="default" color="red" onClick={open}>{t("warehouses.delete")}</Button>
        </Group>
      </Stack>
      <Modal opened={isOpen} onClose={close} title={t("warehouses.delete_title")} centered>
        <Stack>
          <Text>{t("warehouses.delete_lead")}</Text>
          {forget.isError && <Failure error={forget.error} />}
          <Group>
            <Button color="red" loading={forget.isPending} onClick={() => { forget.mutate(undefined, { onSuccess: () => void navigate("/warehouses") }); }}>{t("warehouses.delete")}</Button>
            <Button variant="default" onClick={close}>{t("app.cancel")}</Button>
          </Group>
        </Stack>
      </Modal>
    </Card>
  );
}

export default function WarehouseScreen() {
  const { t } = useTranslation();
  const { id = "" } = useParams();
  const found = useWarehouse(Number(id));
  const title = found.data?.name ?? t("warehouses.title");
  return (
    <Page title={title} heading={<Name>{title}</Name>} back={<BackLink to="/warehouses">{t("warehouses.title")}</BackLink>}>
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.isPending && <Card><Loading /></Card>}
      {found.data && (
        <Columns>
          <Stack gap={20}>
            <SelectionCard key={found.data.id} one={found.data} />
            <RunsCard one={found.data} />
          </Stack>
          <Stack gap={20}>
            <ConnectionCard one={found.data} />
            <ScheduleCard key={JSON.stringify(found.data.schedule)} one={found.data} />
            <EndCard one={found.data} />
          </Stack>
        </Columns>
      )}
    </Page>
  );
}
