import { useTranslation } from "react-i18next";
import { useMembers } from "./queries";

/** Who did something, from what the server writes (`user:3`): a member's name, or what else it was. */
export function useActor(): (actor: string) => string {
  const { t } = useTranslation();
  const members = useMembers().data?.items ?? [];
  return (actor) => {
    const [kind = "", id = ""] = actor.split(":");
    const member = kind === "user" ? members.find((one) => String(one.user_id) === id) : undefined;
    return member ? member.name || member.email : t(`settings.actor.${kind}`, { id, defaultValue: actor });
  };
}
