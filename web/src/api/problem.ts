/** The one shape of every error: a code for the machine, a message for the human, and what belongs to it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly data: Record<string, unknown> = {},
  ) {
    super(message);
  }

  /** The server's own words, when they say more than the code does. */
  get detail(): string | null {
    return ["invalid_input", "conflict", "not_found", "segment_cycle"].includes(this.code) ? this.message : null;
  }

  /** The field of the form that the server refused, if it named one. */
  get field(): string | null {
    return typeof this.data.field === "string" ? this.data.field : null;
  }

  /** What to do about it, to stand at that field. */
  get remedy(): string {
    return typeof this.data.remedy === "string" ? this.data.remedy : this.message;
  }
}

export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) return new Problem(0, "offline", error.message);
  return new Problem(0, "unexpected", error instanceof Error ? error.message : String(error));
}

/** An answer's body to a problem, whatever stood in it. */
export function toProblem(status: number, body: unknown): Problem {
  const data = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const code = typeof data.code === "string" ? data.code : status >= 500 ? "unavailable" : "unexpected";
  const message = typeof data.message === "string" ? data.message : `HTTP ${String(status)}`;
  return new Problem(status, code, message, data);
}
