export const UNITS = ["hours", "days", "weeks"] as const;
const SECONDS = { hours: 3_600, days: 86_400, weeks: 604_800 };

export interface NewCap {
  name: string;
  most: number;
  amount: number;
  unit: (typeof UNITS)[number];
  channel: string | null;
  topic: string | null;
}

export interface Cap extends NewCap {
  id: number;
}

export interface QuietHours {
  from: string;
  to: string;
}

export interface Effect {
  sent: number;
  held: Record<string, number>;
  in_quiet_hours: number;
  one_in: number;
}

export interface SendingRules {
  caps: Cap[];
  quiet_hours: QuietHours | null;
  effect: Effect;
}

export function secondsOf({ amount, unit }: Pick<NewCap, "amount" | "unit">): number {
  return amount * SECONDS[unit];
}
