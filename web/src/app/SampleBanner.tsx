import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui";

const RemoveSample = lazy(() => import("./RemoveSample"));

/** Sample data never passes for real data: a line on every screen says so and removes it all. */
export function SampleBanner({ isSample }: { isSample: boolean }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  if (!isSample) return null;
  return (
    <div className="hd-banner" role="note">
      <span>{t("app.sample.note")}</span>
      <Button size="compact-sm" variant="default" onClick={() => { setAsking(true); }}>{t("app.sample.remove")}</Button>
      {asking && <Suspense fallback={null}><RemoveSample close={() => { setAsking(false); }} /></Suspense>}
    </div>
  );
}
