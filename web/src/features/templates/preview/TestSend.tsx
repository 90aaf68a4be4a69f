import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { problemOf } from "@/api/problem";
import { Button, IconSend, say } from "@/ui";
import { useTestSend } from "../queries";
import type { Copy, Tested } from "../types";

interface TestProps {
  templateKey: string;
  copy: Copy;
  language: string;
  personId: number | null;
  event: Record<string, unknown>;
}

/** This very mail, as the person above would get it, into one's own mailbox. */
export function TestSend({ templateKey, copy, language, personId, event }: TestProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const done = ({ items, reason, detail }: Tested) => {
    const [first] = items;
    if (reason) say(`${t("templates.preview.skipped")} ${detail}`, "no");
    else if (first?.end === "mailbox") { say(t("templates.test.mailbox")); void navigate("/mailbox"); }
    else if (first?.end === "accepted") say(t("templates.test.sent", { address: `\u2068${first.address}\u2069` }));
    else say(t("templates.test.not", { said: `\u2068${[first?.code, first?.text].filter(Boolean).join(" ")}\u2069` }), "no");
  };
  const send = useTestSend(templateKey, done);
  return (
    <Button
      variant="default"
      leftSection={<IconSend size={16} className="hd-flip" aria-hidden />}
      loading={send.isPending}
      onClick={() => { send.mutate({ copy, language, person_id: personId, event }, { onError: (error) => { say(problemOf(error).message, "no"); } }); }}
    >
      {t("templates.test.me")}
    </Button>
  );
}
