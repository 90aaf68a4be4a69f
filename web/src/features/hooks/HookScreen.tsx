import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useParams } from "react-router";
import { useFormat } from "@/i18n/useFormat";
import { BackLink, Card, CodeBlock, Columns, Facts, Failure, Loading, Ltr, Name, Note, Page, Stack } from "@/ui";
import { BodiesCard } from "./BodiesCard";
import { EndCard } from "./EndCard";
import { MappingCard } from "./MappingCard";
import { RightsCard } from "./RightsCard";
import { SignatureCard } from "./SignatureCard";
import { useBodies, useHook } from "./queries";
import { EXAMPLE } from "./sample";
import type { Hook, Sample } from "./types";

/** The address is shown this once, with a command that uses it. */
function Address({ path }: { path: string }) {
  const { t } = useTranslation();
  const url = window.location.origin + path;
  return (
    <Card title={t("hooks.address")}>
      <Stack>
        <Note tone="wait">{t("hooks.address_once")}</Note>
        <CodeBlock code={url} label={t("hooks.address")} />
        <CodeBlock code={`curl ${url} -H 'Content-Type: application/json' -d '{"hello": "world"}'`} label={t("hooks.try_command")} />
      </Stack>
    </Card>
  );
}

function Numbers({ hook }: { hook: Hook }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Card>
      <Facts items={[
        [t("hooks.fact.address"), <Ltr key="address">{`/hooks/${hook.prefix}…`}</Ltr>],
        [t("hooks.fact.seen"), hook.seen_at ? format.dateTime(hook.seen_at) : t("hooks.never_seen")],
        [t("hooks.fact.received"), format.number(hook.received)],
        [t("hooks.fact.messages"), format.number(hook.messages)],
        [t("hooks.fact.waiting"), format.number(hook.waiting)],
        [t("hooks.fact.failed"), format.number(hook.failed)],
      ]} />
      {hook.refused_at && (
        <Note tone="no">{t("hooks.refused", { count: hook.refused, number: format.number(hook.refused), at: format.dateTime(hook.refused_at) })} <bdi>{hook.refusal}</bdi></Note>
      )}
    </Card>
  );
}

function Everything({ hook, path, setPath }: { hook: Hook; path?: string; setPath: (path: string) => void }) {
  const bodies = useBodies(hook.id);
  const [chosen, setChosen] = useState<Sample | null>(null);
  const [latest] = bodies.data?.items ?? [];
  return (
    <>
      {path && <Address path={path} />}
      <Columns>
        <Stack gap={20}>
          {bodies.isPending ? <Card><Loading /></Card> : <MappingCard key={hook.id} hook={hook} sample={chosen ?? latest ?? EXAMPLE} setSample={setChosen} />}
          <BodiesCard hook={hook} bodies={bodies} choose={setChosen} />
        </Stack>
        <Stack gap={20}>
          <Numbers hook={hook} />
          <RightsCard hook={hook} />
          <SignatureCard key={JSON.stringify(hook.signature)} hook={hook} />
          <EndCard hook={hook} rotated={setPath} />
        </Stack>
      </Columns>
    </>
  );
}

export default function HookScreen() {
  const { t } = useTranslation();
  const id = Number(useParams().id);
  const given = useLocation().state as { path?: string } | null;
  const [path, setPath] = useState(given?.path);
  const hook = useHook(id);
  const title = hook.data?.name ?? t("hooks.one");
  return (
    <Page title={title} heading={<Name>{title}</Name>} back={<BackLink to="/data/hooks">{t("events.tab.hooks")}</BackLink>}>
      {hook.isError && <Failure error={hook.error} retry={() => void hook.refetch()} />}
      {hook.isPending && <Card><Loading /></Card>}
      {hook.data && <Everything hook={hook.data} path={path} setPath={setPath} />}
    </Page>
  );
}
