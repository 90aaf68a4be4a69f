import { createContext, use, useMemo, useState, type Dispatch, type ReactNode, type SetStateAction } from "react";
import type { Editor } from "@tiptap/core";
import type { Brand } from "../types";

/** A text that is being written in, and whether it knows marks and lists. */
export interface Written {
  editor: Editor;
  rich: boolean;
}

interface Desk {
  /** The text that had the focus last: what the bar over the canvas works on. */
  written: Written | null;
  setWritten: Dispatch<SetStateAction<Written | null>>;
  /** The language of the mail, and where it begins. */
  language: string;
  direction: "ltr" | "rtl";
  brand: Brand;
  /** Ids of blocks in which something was found. */
  wrong: Map<string, "error" | "warning">;
}

const Context = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = use(Context);
  if (!desk) throw new Error("there is no desk");
  return desk;
}

/** What all parts of the block editor share. */
export function WritingDesk({ children, ...given }: Pick<Desk, "language" | "direction" | "brand" | "wrong"> & { children: ReactNode }) {
  const [written, setWritten] = useState<Written | null>(null);
  const { language, direction, brand, wrong } = given;
  const value = useMemo(() => ({ written, setWritten, language, direction, brand, wrong }), [written, language, direction, brand, wrong]);
  return <Context value={value}>{children}</Context>;
}
