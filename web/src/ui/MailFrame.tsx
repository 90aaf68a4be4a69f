import { useMemo } from "react";
import { useTranslation } from "react-i18next";

/** The mail without what reports back: looking at it here is not the recipient's opening it. */
function withoutTracking(html: string): string {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const image of page.querySelectorAll('img[src*="/t/o/"], img[src="about:blank"]')) image.remove();
  const base = page.createElement("base");
  base.target = "_blank";
  page.head.prepend(base);
  return `<!doctype html>${page.documentElement.outerHTML}`;
}

/** A mail's HTML without scripts, forms or a way to touch the app: a frame of an origin of its own. */
export function MailFrame({ subject, html, narrow, height }: { subject: string; html: string; narrow?: boolean; height?: number }) {
  const { t } = useTranslation();
  const quiet = useMemo(() => withoutTracking(html), [html]);
  return (
    <iframe
      className="hd-mailframe"
      title={t("mailbox.frame", { subject })}
      sandbox="allow-popups allow-popups-to-escape-sandbox"
      srcDoc={quiet}
      style={{ ...(narrow ? { maxWidth: 390 } : {}), ...(height ? { height } : {}) }}
    />
  );
}
