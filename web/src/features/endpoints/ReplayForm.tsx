import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/useFormat";
import { Button, Failure, Group, IconRefresh, TextInput, say } from "@/ui";
import { useReplayDead } from "./queries";
import type { Endpoint } from "./types";

/** The instant that a field for date and time means, on this machine's clock; nothing when it is empty. */
function toInstant(value: string): string | null {
  return value ? new Date(value).toISOString() : null;
}

/** All that was given up once more, or what is from a span of time. */
export function ReplayForm({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [since, setSince] = useState("");
  const [until, setUntil] = useState("");
  const replay = useReplayDead(endpoint.id);
  const send = () => {
    replay.mutate({ since: toInstant(since), until: toInstant(until) }, {
      onSuccess: (done) => { say(t("endpoints.replayed_count", { count: done.waiting, number: format.number(done.waiting) })); },
    });
  };
  return (
    <>
      <Group align="end">
        <TextInput type="datetime-local" size="xs" label={t("endpoints.since")} value={since} onChange={(event) => { setSince(event.currentTarget.value); }} />
        <TextInput type="datetime-local" size="xs" label={t("endpoints.until")} value={until} onChange={(event) => { setUntil(event.currentTarget.value); }} />
        <Button size="xs" variant="default" leftSection={<IconRefresh size={15} />} disabled={endpoint.state === "disabled"} loading={replay.isPending} onClick={send}>
          {t("endpoints.replay_dead")}
        </Button>
      </Group>
      {replay.isError && <Failure error={replay.error} />}
    </>
  );
}
