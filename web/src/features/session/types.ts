import type { Me as Answer, User } from "@/api/generated";

export type { SetupState, Workspace } from "@/api/generated";

/** Somebody at the app: `now` is the server's clock, which time-lapse lets run faster than the wall's. */
export type SignedIn = Omit<Answer, "user"> & { state: "in"; user: User };

/** Where a visitor stands: nobody has set Hudhud up yet, signed out, or in. */
export type Me = { state: "setup" } | { state: "out" } | SignedIn;
