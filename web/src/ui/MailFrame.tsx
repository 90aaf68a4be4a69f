import { useTranslation } from "react-i18next";

/** A mail's HTML without scripts, forms or a way to touch the app: a frame of an origin of its own. */
export function MailFrame({ subject, html, narrow, height }: { subject: string; html: string; narrow?: boolean; height?: number }) {
  const { t } = useTranslation();
  return (
    <iframe
      className="hd-mailframe"
      title={t("mailbox.frame", { subject })}
      sandbox="allow-popups allow-popups-to-escape-sandbox"
      srcDoc={`<base target="_blank">${html}`}
      style={{ ...(narrow ? { maxWidth: 390 } : {}), ...(height ? { height } : {}) }}
    />
  );
}
