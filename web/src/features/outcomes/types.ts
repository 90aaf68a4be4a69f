export const PROVIDERS = ["ses", "postmark", "mailgun", "sendgrid", "brevo", "mailjet", "sparkpost", "resend", "mailersend"] as const;

/** What providers are called: names, the same in every language. */
export const NAMES: Record<string, string> = {
  ses: "Amazon SES", postmark: "Postmark", mailgun: "Mailgun", sendgrid: "SendGrid", brevo: "Brevo", mailjet: "Mailjet", sparkpost: "SparkPost", resend: "Resend",
  mailersend: "MailerSend", smtp: "SMTP",
};

export interface Door {
  kind: string;
  path: string;
  is_signed: boolean;
  has_secret: boolean;
  topic: string;
  seen_at: string | null;
  received: number;
  reports: number;
  unknown: number;
  refused: number;
  refused_at: string | null;
  refusal: string;
  last: { kind: string; at: string; message_id: number | null; said: string } | null;
}

export interface Report {
  id: number;
  source: string;
  kind: string;
  rule: string;
  at: string;
  code: number | null;
  said: string;
  effect: string;
}

export interface Numbers {
  soft_bounces: number;
  soft_days: number;
  brake_hours: number;
  brake_least: number;
  complaint_rate: number;
  bounce_rate: number;
}

export interface Brake {
  id: number;
  source_kind: string;
  source_key: string;
  cause: string;
  sent: number;
  bad: number;
  rate: number;
  pulled_at: string;
  released_at: string | null;
  waiting: number;
}
