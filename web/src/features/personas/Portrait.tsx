import { Avatar } from "@/ui";
import type { Persona } from "./types";

/** A persona's picture, or the first letters of the name. The name always stands beside it. */
export function Portrait({ persona, size = 72 }: { persona: Pick<Persona, "id" | "name" | "picture">; size?: number }) {
  if (persona.picture === null) return <Avatar name={persona.name} seed={persona.id} size={size} />;
  return <img src={persona.picture} alt="" width={size} height={size} className="hd-portrait" />;
}
