import { toProblem } from "./problem";

/** What a function of the generated client promises. */
export type Sent = Promise<{ data?: unknown; error?: unknown; response?: Response }>;

/** The answer's body; any status of 400 or more is a `Problem`, a broken line the browser's own error. */
export async function call<T>(sent: Sent): Promise<T> {
  const { data, error, response } = await sent;
  if (!response) throw error instanceof Error ? error : new TypeError("no answer");
  if (!response.ok) throw toProblem(response.status, error);
  return data as T;
}
