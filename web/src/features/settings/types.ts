export interface Member {
  user_id: number;
  email: string;
  name: string;
  role: string;
  active: boolean;
  created_at: string;
  last_login_at: string | null;
}

export interface NewMember extends Member {
  first_password: string | null;
}

export interface Key {
  id: number;
  kind: "collect" | "api";
  scopes: string[];
  name: string;
  prefix: string;
  created_at: string;
  revoked_at: string | null;
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

export const ROLES = ["viewer", "sales", "marketer", "admin", "owner"] as const;
