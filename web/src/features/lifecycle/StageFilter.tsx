import { useTranslation } from "react-i18next";
import { NativeSelect } from "@/ui";
import { useStages } from "./queries";
import type { Stage } from "./types";
import { useStageName } from "./useStageName";

/** Shows only those who are in one stage of the lifecycle. */
export function StageFilter({ chosen, choose }: { chosen: Stage | undefined; choose: (id: string) => void }) {
  const { t } = useTranslation();
  const nameOf = useStageName();
  const stages = useStages().data?.stages ?? [];
  if (stages.length === 0) return null;
  const data = [{ value: "", label: t("lifecycle.filter_all") }, ...stages.map((one) => ({ value: String(one.id), label: nameOf(one) }))];
  return <NativeSelect label={t("lifecycle.filter")} data={data} value={chosen ? String(chosen.id) : ""} w="fit-content" onChange={(event) => { choose(event.currentTarget.value); }} />;
}
