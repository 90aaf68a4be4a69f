export const UNITS = ["hours", "days", "weeks"] as const;

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
