import { useState } from "react";
import { useTranslation } from "react-i18next";
import { nameOf } from "@/features/people/name";
import { usePeopleSearch } from "@/features/people/queries";
import { Select, useDebouncedValue } from "@/ui";

/** One person, found by name, address or number. */
export function PersonField({ value, change }: { value: number | null; change: (id: number | null) => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed, 250);
  const found = usePeopleSearch(search).data?.items ?? [];
  return (
    <Select
      label={t("rehearsals.person")}
      searchable
      filter={({ options }) => options}
      onSearchChange={setTyped}
      data={found.map((one) => ({ value: String(one.id), label: nameOf(one) }))}
      value={value === null ? null : String(value)}
      placeholder={t("rehearsals.person_search")}
      nothingFoundMessage={t("edit.none_there")}
      onChange={(next) => { change(next === null ? null : Number(next)); }}
    />
  );
}
