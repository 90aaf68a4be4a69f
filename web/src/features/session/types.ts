export interface Workspace {
  id: number;
  name: string;
  time_zone: string;
  language: string;
  currency: string;
  sender_name: string;
  sender_email: string;
  postal_address: string;
  is_sample: boolean;
}

export interface User {
  id: number;
  email: string;
  name: string;
}

export interface SignedIn {
  state: "in";
  user: User;
  role: string;
  workspace: Workspace;
  /** The server's clock, which time-lapse lets run faster than the wall's. */
  now: string;
}

export interface SetupState {
  /** The first owner is still to be made. */
  open: boolean;
  /** A mail server is configured, so users can be written to. */
  mail: boolean;
}

/** Where a visitor stands: nobody has set Hudhud up yet, signed out, or in. */
export type Me = { state: "setup" } | { state: "out" } | SignedIn;
