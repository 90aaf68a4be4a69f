/** What can be sent again as it was, once its cause is cured. Of the others the rest was taken: they have to be corrected one by one. */
export const RESENDABLE: ReadonlySet<string> = new Set(["invalid", "reserved", "not_allowed", "addresses", "schema", "poison", "conflict", "consent_refused"]);
