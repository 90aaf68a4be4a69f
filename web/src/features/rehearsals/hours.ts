import type { Together } from "./types";

const HOUR = 3_600_000;
const MOST_BARS = 48;

/** Sends per hour over all channels; of a long span, per as many hours as leave 48 bars. Those without any stand as zero. */
export function perSlot(hours: Together["hours"]): { at: string; count: number }[] {
  if (hours.length === 0) return [];
  const times = hours.map((one) => Date.parse(one.at));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const width = Math.ceil(((last - first) / HOUR + 1) / MOST_BARS) * HOUR;
  const slots = Array.from({ length: Math.floor((last - first) / width) + 1 }, (_, index) => ({ at: new Date(first + index * width).toISOString(), count: 0 }));
  for (const one of hours) {
    const slot = slots[Math.floor((Date.parse(one.at) - first) / width)];
    if (slot) slot.count += one.count;
  }
  return slots;
}
