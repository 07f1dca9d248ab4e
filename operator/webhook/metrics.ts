import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

/** What the webhook counts. */
export interface WebhookMetrics {
  answered(verdict: 'allowed' | 'refused' | 'bad'): void;
  /** A certificate is shown that holds until then, milliseconds since 1970. */
  certified(untilMs: number): void;
}

/** Registers the webhook's metrics. */
export function webhookMetrics(registry: Registry): WebhookMetrics {
  const registers = [registry];
  const reviews = new Counter({
    name: 'edgeloom_webhook_reviews_total',
    help: 'Admission reviews by verdict; bad are bodies that ask nothing',
    labelNames: ['verdict'],
    registers,
  });
  const expiry = new Gauge({
    name: 'edgeloom_webhook_certificate_expiry_timestamp_seconds',
    help: 'When the certificate that is shown runs out, seconds since 1970',
    registers,
  });
  return {
    answered: (verdict) => reviews.inc({ verdict }),
    certified: (untilMs) => expiry.set(untilMs / 1_000),
  };
}
