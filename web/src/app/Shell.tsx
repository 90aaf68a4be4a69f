import { Burger } from "@mantine/core";
import { Suspense, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, Outlet, useLocation } from "react-router";
import { useMe } from "@/features/session/queries";
import { Now, TimeZone } from "@/i18n/useFormat";
import { Failure, Loading } from "@/ui";
import { Brand } from "./Brand";
import { Nav } from "./Nav";
import { SampleBanner } from "./SampleBanner";

/** Moves the focus to the new screen, so that keyboard and screen reader start there. */
function useFocusOnNavigation() {
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const last = useRef(pathname);
  useEffect(() => {
    if (last.current === pathname) return;
    last.current = pathname;
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [pathname]);
  return main;
}

/** Everything around a screen: navigation, banner, time zone; and the way to sign-in for those who are not. */
export function Shell() {
  const { t } = useTranslation();
  const me = useMe();
  const [open, setOpen] = useState(false);
  const main = useFocusOnNavigation();
  const location = useLocation();
  if (me.isError) return <main className="hd-alone"><Failure error={me.error} retry={() => void me.refetch()} /></main>;
  if (!me.data) return <main className="hd-alone"><Loading /></main>;
  if (me.data.state === "setup") return <Navigate to="/setup" replace />;
  if (me.data.state === "out") return <Navigate to="/login" replace state={{ from: location.pathname + location.search }} />;
  return (
    <TimeZone value={me.data.workspace.time_zone}>
      <Now value={new Date(me.data.now)}>
      <a href="#main" className="hd-skip">{t("app.skip")}</a>
      <div className="hd-shell" data-open={open || undefined}>
        <header className="hd-top">
          <Burger opened={open} onClick={() => { setOpen(!open); }} size="sm" aria-label={t("app.menu")} aria-expanded={open} />
          <Brand />
        </header>
        <div className="hd-side"><Nav me={me.data} close={() => { setOpen(false); }} /></div>
        <main ref={main} id="main" tabIndex={-1} inert={open}>
          <SampleBanner isSample={me.data.workspace.is_sample} />
          <div className="hd-main">
            <Suspense fallback={<Loading />}>
              <Outlet />
            </Suspense>
          </div>
        </main>
      </div>
      </Now>
    </TimeZone>
  );
}
