import type { KindForm } from "../spec";

export const topic: KindForm = {
  group: "person",
  make: (next) => ({ kind: "topic", do: "subscribe", topic: "", next }),
  fields: [
    { at: "do", word: "topic_do", as: "choice", of: ["subscribe", "unsubscribe"], hint: "topic_do" },
    { at: "topic", as: "known", of: "topic" },
  ],
};
