/** A text that its author wrote in several languages: ours, else English, else any, else what it is called inside. */
export function pickName(names: Record<string, string> | null | undefined, language: string, otherwise: string): string {
  return names?.[language] ?? names?.en ?? Object.values(names ?? {})[0] ?? otherwise;
}
