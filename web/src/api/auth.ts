import { exchange, type Answer } from "./http";
import { askPasskey, makePasskey } from "./passkey";
import { Problem, toProblem } from "./problem";

const BASE = "/_allauth/browser/v1";

interface Flow {
  id: string;
  is_pending?: boolean;
}
interface Body {
  data?: { flows?: Flow[] } & Record<string, unknown>;
  errors?: { code: string; message: string; param?: string }[];
  meta?: Record<string, unknown>;
}

/** What signing in led to: in, or one more proof. */
export type SignIn = "in" | "code";

export interface Authenticator {
  id?: number;
  type: "totp" | "webauthn" | "recovery_codes";
  name?: string;
  created_at: number;
  last_used_at: number | null;
  unused_code_count?: number;
}

function bodyOf(answer: Answer): Body {
  return (answer.body ?? {});
}

function pending(answer: Answer): string[] {
  return (bodyOf(answer).data?.flows ?? []).filter((flow) => flow.is_pending).map((flow) => flow.id);
}

function fail(answer: Answer): Problem {
  const first = bodyOf(answer).errors?.[0];
  if (first) return new Problem(answer.status, first.code, first.message, { field: first.param });
  if (answer.status === 429) return new Problem(429, "too_many_requests", "Too many attempts.");
  if (answer.status === 401) return new Problem(401, "reauthenticate", "Sign in again.");
  return toProblem(answer.status, answer.body);
}

function outcome(answer: Answer): SignIn {
  if (answer.status < 300) return "in";
  if (answer.status === 401 && pending(answer).includes("mfa_authenticate")) return "code";
  throw fail(answer);
}

async function must<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await exchange(method, BASE + path, body);
  if (answer.status >= 300) throw fail(answer);
  return bodyOf(answer).data as T;
}

export async function signIn(email: string, password: string): Promise<SignIn> {
  return outcome(await exchange("POST", `${BASE}/auth/login`, { email, password }));
}

export async function giveCode(code: string): Promise<SignIn> {
  return outcome(await exchange("POST", `${BASE}/auth/2fa/authenticate`, { code }));
}

export async function signInByPasskey(): Promise<SignIn> {
  const { request_options } = await must<{ request_options: { publicKey: Record<string, unknown> } }>("GET", "/auth/webauthn/login");
  const credential = await askPasskey(request_options);
  return outcome(await exchange("POST", `${BASE}/auth/webauthn/login`, { credential }));
}

/** Ask for a mail with a link; the answer is the same whether or not the address is known. */
export async function requestReset(email: string): Promise<void> {
  await must("POST", "/auth/password/request", { email });
}

/** Whose link this is; a spent one fails with the field `key`. */
export async function readResetKey(key: string): Promise<{ email: string }> {
  const answer = await exchange("GET", `${BASE}/auth/password/reset`, undefined, { "X-Password-Reset-Key": key });
  if (answer.status >= 300) throw fail(answer);
  const user = bodyOf(answer).data?.user as { email?: string } | undefined;
  return { email: user?.email ?? "" };
}

export async function setNewPassword(key: string, password: string): Promise<void> {
  const answer = await exchange("POST", `${BASE}/auth/password/reset`, { key, password });
  // 401: the password is new, and one signs in with it.
  if (answer.status >= 300 && answer.status !== 401) throw fail(answer);
}

export async function signOut(): Promise<void> {
  // 401 is allauth's way of saying "you are signed out now".
  await exchange("DELETE", `${BASE}/auth/session`);
}

export async function confirmPassword(password: string): Promise<void> {
  await must("POST", "/auth/reauthenticate", { password });
}

export function findAuthenticators(): Promise<Authenticator[]> {
  return must("GET", "/account/authenticators");
}

/** The secret of an authenticator app that is about to be added. */
export async function newTotp(): Promise<{ secret: string; totp_url: string }> {
  const answer = await exchange("GET", `${BASE}/account/authenticators/totp`);
  const meta = bodyOf(answer).meta;
  if (answer.status !== 404 || typeof meta?.secret !== "string") throw fail(answer);
  return { secret: meta.secret, totp_url: String(meta.totp_url) };
}

export async function addTotp(code: string): Promise<void> {
  await must("POST", "/account/authenticators/totp", { code });
}

export async function removeTotp(): Promise<void> {
  await must("DELETE", "/account/authenticators/totp");
}

export async function recoveryCodes(): Promise<string[]> {
  return (await must<{ unused_codes: string[] }>("GET", "/account/authenticators/recovery-codes")).unused_codes;
}

export async function addPasskey(name: string): Promise<void> {
  const { creation_options } = await must<{ creation_options: { publicKey: Record<string, unknown> } }>(
    "GET",
    "/account/authenticators/webauthn?passwordless=true",
  );
  await must("POST", "/account/authenticators/webauthn", { name, credential: await makePasskey(creation_options) });
}

export async function removePasskey(id: number): Promise<void> {
  await must("DELETE", "/account/authenticators/webauthn", { authenticators: [id] });
}

export async function changePassword(current_password: string, new_password: string): Promise<void> {
  await must("POST", "/account/password/change", { current_password, new_password });
}
