import type { KindForm } from "../spec";

export const webhook: KindForm = {
  group: "outside",
  make: (next) => ({ kind: "webhook", name: "answer", url: "https://", method: "POST", next, failed: next }),
  fields: [
    { at: "name", word: "answer_name", as: "text", ltr: true, hint: "answer_name" },
    { at: "method", as: "choice", of: ["GET", "POST", "PUT", "PATCH", "DELETE"] },
    { at: "url", as: "text", ltr: true, hint: "url" },
    { at: "headers", as: "headers", optional: true, hint: "headers" },
    { at: "body", as: "json", optional: true, hint: "body", show: ({ method }) => method !== "GET" && method !== "DELETE" },
    { at: "keep", as: "texts", optional: true, hint: "keep" },
    { at: "timeout", word: "patience", as: "span", optional: true, hint: "patience" },
    { at: "sample", as: "title", hint: "sample" },
    { at: "sample.status", as: "number", min: 200, max: 599, optional: true },
    { at: "sample.body", word: "sample_body", as: "json", optional: true },
  ],
};
