import { useTranslation } from "react-i18next";
import { useMembers } from "./queries";

/** Who an actor is, as the others call them. */
export function useWho(): (actor: string) => string {
  const { t } = useTranslation();
  const members = useMembers().data?.items ?? [];
  return (actor) => {
    const [kind, id] = actor.split(":");
    if (kind !== "user") return t("versions.program");
    const one = members.find((member) => String(member.user_id) === id);
    return one ? one.name || one.email : actor;
  };
}
