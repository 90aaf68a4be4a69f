import { useTranslation } from "react-i18next";
import { placed, toldOf, type Problem } from "./problems";

/** What is wrong in the reader's words, and what the server says beyond them, which names values; `named`: at which field. */
export function ProblemText({ problem, named = false }: { problem: Problem; named?: boolean }) {
  const { t } = useTranslation();
  const [field = ""] = placed(problem).field.split(/[.[]/);
  const label = named && field ? t(`edit.field.${field}`, { defaultValue: "" }) : "";
  return (
    <>
      {label && <>{label}. </>}
      {t(`edit.problem.${problem.code}`, { defaultValue: t("edit.problem.other") })}{" "}
      <bdi dir="ltr" lang="en" className="hd-remedy">{toldOf(problem)}</bdi>
    </>
  );
}
