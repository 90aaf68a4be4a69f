/** The colour of a stage: it only repeats the name beside it. */
export function StageDot({ colour, size = 12 }: { colour: string; size?: number }) {
  return <span className="hd-stage-dot" aria-hidden style={{ background: `var(--mantine-color-${colour}-5)`, width: size, height: size }} />;
}
