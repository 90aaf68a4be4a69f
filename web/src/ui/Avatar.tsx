const TINTS = ["#f6dccd", "#d9e8e0", "#dfe3f3", "#f2e4bd", "#ead9ea", "#d3e7ee"];

/** First letters on a tint that stays the same for the same person. */
export function Avatar({ name, seed, size = 38 }: { name: string; seed: number; size?: number }) {
  const letters = name
    .split(/[\s@._-]+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((word) => [...word][0]?.toLocaleUpperCase() ?? "")
    .join("\u200c");
  const style = { background: TINTS[seed % TINTS.length], color: "#3b2a20", width: size, height: size, fontSize: size * 0.36 };
  return <span className="hd-avatar" style={style} aria-hidden>{letters}</span>;
}
