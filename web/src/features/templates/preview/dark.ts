/** A mail as a dark screen shows it: what it says for dark screens holds, whatever this screen is. */
export function onDarkScreen(html: string): string {
  return html.replace(/\(\s*prefers-color-scheme\s*:\s*dark\s*\)/gi, "(min-width: 0)").replace(/\(\s*prefers-color-scheme\s*:\s*light\s*\)/gi, "(max-width: 0)");
}

/** Where Gmail cuts a mail off, in bytes. */
export const CLIP = 102 * 1024;
