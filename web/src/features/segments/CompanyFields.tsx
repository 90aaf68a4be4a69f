import { useTranslation } from "react-i18next";
import { Button, IconPlus } from "@/ui";
import { pathText, type CompanyLeaf } from "./condition";
import { WhereFields, type LeafProps } from "./eventFields";

/** The key that a company is called by, beside its attributes. */
const KNOWN = { "@key": "text", name: "text", industry: "text", plan: "text", employees: "number" };

/** What is true of one of their companies; nothing: they are in any. */
export function CompanyFields({ leaf, path, change, wrong }: LeafProps<CompanyLeaf>) {
  const { t } = useTranslation();
  const at = pathText(path);
  const where = leaf.where ?? [];
  return (
    <>
      <span className="hd-build-word">{t(where.length > 0 ? "segments.build.company.whose" : "segments.build.company.any")}</span>
      {where.map((one, index) => (
        <WhereFields key={index} where={one} at={`${at}.where[${String(index)}]`} known={KNOWN} about={{ kind: "company" }} wrong={wrong} change={(next) => { change({ ...leaf, where: where.with(index, next) }); }} remove={() => { change({ ...leaf, where: where.toSpliced(index, 1) }); }} />
      ))}
      <Button variant="subtle" size="compact-sm" mt={8} leftSection={<IconPlus size={14} aria-hidden />} onClick={() => { change({ ...leaf, where: [...where, { property: "", op: "is", value: "" }] }); }}>{t("segments.build.company.add")}</Button>
    </>
  );
}
