export const ROLES = ["viewer", "sales", "marketer", "admin", "owner"] as const;
export const KINDS = ["collect", "api"] as const;
export const SCOPES = ["read", "write", "admin"] as const;
export type Role = (typeof ROLES)[number];
export type Scope = (typeof SCOPES)[number];

export interface Member {
  user_id: number;
  email: string;
  name: string;
  role: Role;
  active: boolean;
  created_at: string;
  last_login_at: string | null;
  api_keys: number;
}

export interface NewMember extends Member {
  first_password: string | null;
}

export interface Key {
  id: number;
  kind: (typeof KINDS)[number];
  scopes: string[];
  events: string[] | null;
  name: string;
  prefix: string;
  created_at: string;
  revoked_at: string | null;
  made_by: string | null;
}

export interface NewKey extends Key {
  key: string;
}

export interface AuditEntry {
  id: number;
  at: string;
  actor: string;
  action: string;
  object: string;
  detail: Record<string, unknown>;
}
