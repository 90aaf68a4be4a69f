import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from "@mantine/spotlight";
import { createSpotlight } from "@mantine/spotlight";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useJourneyList, journeyName } from "@/features/journeys/queries";
import { usePeopleSearch } from "@/features/people/queries";
import { emailOf, nameOf } from "@/features/people/name";
import { useSegmentList } from "@/features/segments/queries";
import { useLanguage } from "@/i18n/useFormat";
import { IconFilter, IconRoute, IconSearch, IconSettings, IconUser } from "@/ui";
import { PLACES } from "./places";

const [store, spotlight] = createSpotlight();
const SETTINGS = ["keys", "members", "security", "audit"];

/** Ctrl+K: go to any screen, person, segment or journey by typing a few letters. */
export default function Search({ asked }: { asked: number }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const navigate = useNavigate();
  const [query, setQuery] = useState("");
  const people = usePeopleSearch(query);
  const segments = useSegmentList();
  const journeys = useJourneyList();
  useEffect(() => { spotlight.open(); }, [asked]);

  const action = (id: string, label: string, to: string, Icon: typeof IconUser, description?: string): SpotlightActionData => ({
    id, label, leftSection: <Icon size={19} aria-hidden />, onClick: () => void navigate(to), ...(description ? { description } : {}),
  });
  const places = [
    ...PLACES.map(({ to, key, Icon }) => action(`place-${key}`, t(`app.place.${key}`), to, Icon as typeof IconUser)),
    ...SETTINGS.map((key) => action(`settings-${key}`, t(`settings.tab.${key}`), `/settings/${key}`, IconSettings)),
  ];
  const groups: SpotlightActionGroupData[] = [
    { group: t("app.search_group.places"), actions: places },
    {
      group: t("app.search_group.segments"),
      actions: (segments.data?.items ?? []).map((one) => action(`segment-${String(one.id)}`, one.name, `/segments/${String(one.id)}`, IconFilter)),
    },
    {
      group: t("app.search_group.journeys"),
      actions: (journeys.data?.items ?? []).map((one) => action(`journey-${one.key}`, journeyName(one, language), `/journeys/${one.key}`, IconRoute)),
    },
    {
      group: t("app.search_group.people"),
      actions: (people.data?.items ?? []).map((one) => action(`person-${String(one.id)}`, nameOf(one), `/people/${String(one.id)}`, IconUser, emailOf(one))),
    },
  ];
  return (
    <Spotlight
      store={store}
      actions={groups}
      query={query}
      onQueryChange={setQuery}
      shortcut={null}
      scrollable
      maxHeight={420}
      nothingFound={t("app.search_nothing")}
      searchProps={{ leftSection: <IconSearch size={19} />, placeholder: t("app.search_hint"), "aria-label": t("app.search") }}
    />
  );
}
