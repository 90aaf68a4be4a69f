interface Props<T extends string> {
  label: string;
  value: T;
  options: { value: T; label: string }[];
  choose: (value: T) => void;
  disabled?: boolean;
}

/** One of a few, side by side; on a narrow screen they wrap. */
export function Choice<T extends string>({ label, value, options, choose, disabled }: Props<T>) {
  return (
    <div className="hd-chips" role="group" aria-label={label}>
      {options.map((one) => <button key={one.value} type="button" disabled={disabled} aria-pressed={one.value === value} onClick={() => { choose(one.value); }}>{one.label}</button>)}
    </div>
  );
}
