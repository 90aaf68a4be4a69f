import { t } from "i18next";

/** A short word about what has just happened; the code for it comes when it is first needed. */
export function say(message: string, tone: "yes" | "no" = "yes"): void {
  void import("@mantine/notifications").then(({ notifications }) => {
    notifications.show({ message, closeButtonProps: { "aria-label": t("app.close") }, color: tone === "yes" ? "teal" : "red", withBorder: true });
  });
}
