import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useParams } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { BackLink, Card, CodeBlock, Columns, Facts, Failure, Loading, Ltr, Name, Note, Page, Stack, say } from "@/ui";
import { DeliveriesCard } from "./DeliveriesCard";
import { ManageCard } from "./ManageCard";
import { StateOf } from "./StateOf";
import { WishesForm } from "./WishesForm";
import { useChangeEndpoint, useEndpoint } from "./queries";
import type { Endpoint } from "./types";

/** The secret is shown this once. */
function Secret({ secret }: { secret: string }) {
  const { t } = useTranslation();
  return (
    <Card title={t("endpoints.secret")}>
      <Stack>
        <Note tone="wait">{t("endpoints.secret_once")}</Note>
        <CodeBlock code={secret} label={t("endpoints.secret")} />
      </Stack>
    </Card>
  );
}

function Numbers({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Card>
      <Stack>
        <Facts items={[
          [t("endpoints.url"), <Ltr key="url">{endpoint.url}</Ltr>],
          [t("endpoints.fact.state"), <StateOf key="state" endpoint={endpoint} />],
          [t("endpoints.fact.delivered"), format.number(endpoint.delivered)],
          [t("endpoints.fact.waiting"), format.number(endpoint.waiting)],
          [t("endpoints.fact.dead"), format.number(endpoint.dead)],
        ]} />
        {endpoint.reason && <Note tone="no">{t(`endpoints.reason.${endpoint.reason}`, { at: format.dateTime(endpoint.state_at) })}</Note>}
        {endpoint.state === "active" && endpoint.failing_since && <Note tone="wait">{t("endpoints.failing_since", { at: format.dateTime(endpoint.failing_since) })}</Note>}
        {endpoint.old_until && <Note tone="wait">{t("endpoints.old_until", { at: format.dateTime(endpoint.old_until) })}</Note>}
      </Stack>
    </Card>
  );
}

function Everything({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation();
  const given = useLocation().state as { secret?: string } | null;
  const [secret, setSecret] = useState(given?.secret);
  const change = useChangeEndpoint(endpoint.id);
  return (
    <>
      {secret && <Secret secret={secret} />}
      <Columns>
        <DeliveriesCard endpoint={endpoint} />
        <Stack gap={20}>
          <Numbers endpoint={endpoint} />
          <ManageCard endpoint={endpoint} rotated={setSecret} />
          <Card title={t("endpoints.wishes")}>
            <WishesForm
              endpoint={endpoint} action={t("endpoints.save")} isPending={change.isPending} error={change.error}
              submit={(wishes) => { change.mutate(wishes, { onSuccess: () => { say(t("endpoints.saved")); } }); }}
            />
          </Card>
        </Stack>
      </Columns>
    </>
  );
}

export default function EndpointScreen() {
  const { t } = useTranslation();
  const id = Number(useParams().id);
  const endpoint = useEndpoint(id);
  const title = endpoint.data?.description ?? "";
  const shown = title || t("endpoints.one");
  return (
    <Page title={shown} heading={<Name>{shown}</Name>} back={<BackLink to="/data/endpoints">{t("events.tab.endpoints")}</BackLink>}>
      {endpoint.isError && <Failure error={endpoint.error} retry={() => void endpoint.refetch()} />}
      {endpoint.isPending && <Card><Loading /></Card>}
      {endpoint.data && <Everything key={id} endpoint={endpoint.data} />}
    </Page>
  );
}
