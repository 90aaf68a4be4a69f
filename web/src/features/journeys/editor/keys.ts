/** What a new journey is called in the API and in files: its name in small Latin letters where it has any, and something that is its own. */
export function keyOf(name: string, lot: string = Math.random().toString(36).slice(2, 6)): string {
  const plain = name.normalize("NFD").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 40);
  return `${plain || "journey"}_${lot}`;
}
