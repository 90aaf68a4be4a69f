import { useMe } from "@/features/session/queries";

/** What the reader may do here: topics and wordings are an admin's, complaints an owner's. */
export function useRights(): { isAdmin: boolean; isOwner: boolean } {
  const me = useMe();
  const role = me.data?.state === "in" ? me.data.role : "viewer";
  return { isAdmin: role === "admin" || role === "owner", isOwner: role === "owner" };
}
