import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { DataPage } from "@/features/events/DataPage";
import { useFormat } from "@/i18n/useFormat";
import { Button, Card, Empty, Failure, Group, IconPlus, IconSend, Loading, Ltr, Name, State, Text, useDisclosure } from "@/ui";
import { StateOf } from "./StateOf";
import { WishesForm } from "./WishesForm";
import { useCreateEndpoint, useEndpoints } from "./queries";
import type { Endpoint } from "./types";

function Row({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Link to={`/data/endpoints/${String(endpoint.id)}`} className="hd-row">
      <span className="hd-grow">
        <Name>{endpoint.description || endpoint.url}</Name>
        <span className="hd-clip hd-dim hd-small"><Ltr>{endpoint.url}</Ltr></span>
      </span>
      {endpoint.dead > 0 && <State tone="no">{t("endpoints.dead", { count: endpoint.dead, number: format.number(endpoint.dead) })}</State>}
      <StateOf endpoint={endpoint} />
      <Text component="span" fz="sm" ta="end">{t("endpoints.delivered", { count: endpoint.delivered, number: format.number(endpoint.delivered) })}</Text>
    </Link>
  );
}

export default function EndpointsScreen() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const endpoints = useEndpoints();
  const create = useCreateEndpoint();
  const [isOpen, { toggle }] = useDisclosure();
  const items = endpoints.data?.items ?? [];
  return (
    <DataPage tab="endpoints">
      {!isOpen && <Group><Button leftSection={<IconPlus size={16} />} onClick={toggle}>{t("endpoints.new")}</Button></Group>}
      {isOpen && (
        <Card title={t("endpoints.new")}>
          <WishesForm
            action={t("endpoints.make")} isPending={create.isPending} error={create.error}
            submit={(wishes) => { create.mutate(wishes, { onSuccess: (made) => void navigate(`/data/endpoints/${String(made.id)}`, { state: { secret: made.secret } }) }); }}
          />
        </Card>
      )}
      {endpoints.isError && <Failure error={endpoints.error} retry={() => void endpoints.refetch()} />}
      <Card flush={items.length > 0}>
        {endpoints.isPending && <Loading rows={3} />}
        {items.map((one) => <Row key={one.id} endpoint={one} />)}
        {endpoints.data && items.length === 0 && <Empty icon={<IconSend size={40} />} title={t("endpoints.none")}>{t("endpoints.none_lead")}</Empty>}
      </Card>
    </DataPage>
  );
}
