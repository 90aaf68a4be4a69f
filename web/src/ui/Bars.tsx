import { Tooltip, VisuallyHidden } from "@mantine/core";

export interface Bar {
  key: string;
  /** Said in full to a screen reader and in the tooltip. */
  label: string;
  value: number;
  /** A part of `value` that is drawn darker. */
  part?: number;
}

/** A small column chart; it runs in the direction of the text, and reads as a list. */
export function Bars({ bars, label, start, end }: { bars: Bar[]; label: string; start: string; end: string }) {
  const top = Math.max(1, ...bars.map((bar) => bar.value));
  return (
    <figure className="hd-bars" aria-label={label}>
      <ol>
        {bars.map((bar) => (
          <Tooltip key={bar.key} label={bar.label}>
            <li>
              <VisuallyHidden>{bar.label}</VisuallyHidden>
              <span aria-hidden style={{ height: `${Math.max(1.5, (bar.value / top) * 100)}%` }}>
                {bar.part !== undefined && <i style={{ height: `${(bar.part / Math.max(1, bar.value)) * 100}%` }} />}
              </span>
            </li>
          </Tooltip>
        ))}
      </ol>
      <figcaption><span>{start}</span><span>{end}</span></figcaption>
    </figure>
  );
}
