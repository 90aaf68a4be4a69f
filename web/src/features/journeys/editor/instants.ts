/** The wall clock of an instant in a zone, as the browser's field takes it. */
export function toLocal(instant: string, zone: string): string {
  return new Date(instant).toLocaleString("sv-SE", { timeZone: zone }).replace(" ", "T").slice(0, 16);
}

/** The instant at which a zone's clock shows this. */
export function fromLocal(local: string, zone: string): string {
  const guess = Date.parse(`${local}:00Z`);
  const off = (at: number) => Date.parse(`${toLocal(new Date(at).toISOString(), zone)}:00Z`) - at;
  const first = guess - off(guess);
  return new Date(guess - off(first)).toISOString().replace(".000Z", "Z");
}
