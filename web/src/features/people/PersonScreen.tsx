import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { CompaniesCard } from "@/features/companies/CompaniesCard";
import { PersonStageCard } from "@/features/lifecycle/PersonStageCard";
import { PersonPersonas } from "@/features/personas/PersonPersonas";
import { loadLater } from "@/i18n";
import { useFormat, useNow } from "@/i18n/useFormat";
import { Avatar, BackLink, Card, Columns, Failure, Group, Loading, Ltr, Name, Page, Stack } from "@/ui";
import { AttributesCard, IdentifiersCard, SegmentsCard } from "./cards";
import { ConsentCard } from "./ConsentCard";
import { HistoryCard } from "./HistoryCard";
import { emailOf, nameOf } from "./name";
import { MergesCard } from "./MergesCard";
import { RightsCard } from "./RightsCard";
import { TimelineCard } from "./TimelineCard";
import { WhyCard } from "./WhyCard";
import { usePerson } from "./queries";
import type { Profile } from "./types";

const AheadCard = lazy(async () => {
  await loadLater();
  return import("@/features/journeys/Ahead");
});

function Everything({ person }: { person: Profile }) {
  return (
    <Columns>
      <Stack gap={20}>
        <Suspense fallback={<Card><Loading rows={2} /></Card>}><AheadCard personId={person.id} /></Suspense>
        <WhyCard person={person} />
        <TimelineCard personId={person.id} />
      </Stack>
      <Stack gap={20}>
        <PersonStageCard personId={person.id} />
        <PersonPersonas personId={person.id} />
        <ConsentCard person={person} />
        <AttributesCard person={person} />
        <IdentifiersCard person={person} />
        <HistoryCard person={person} />
        <SegmentsCard person={person} />
        <CompaniesCard personId={person.id} />
        <MergesCard person={person} />
        <RightsCard person={person} name={nameOf(person)} />
      </Stack>
    </Columns>
  );
}

export default function PersonScreen() {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const { id = "" } = useParams();
  const person = usePerson(Number(id));
  const name = person.data ? nameOf(person.data) : t("app.place.people");
  const email = person.data ? emailOf(person.data) : "";
  const heading = person.data && (
    <Group gap="md" wrap="nowrap">
      <Avatar name={name} seed={person.data.id} size={52} />
      <Name>{name}</Name>
    </Group>
  );
  const lead = person.data && <>{email && email !== name && <><Ltr>{email}</Ltr> · </>}{t("people.since", { at: format.ago(person.data.created_at, now) })}</>;
  return (
    <Page title={name} heading={heading} lead={lead} back={<BackLink to="/people">{t("app.place.people")}</BackLink>}>
      {person.isError && <Failure error={person.error} retry={() => void person.refetch()} />}
      {person.isPending && <Card><Loading /></Card>}
      {person.data && <Everything person={person.data} />}
    </Page>
  );
}
