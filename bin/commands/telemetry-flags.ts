import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { DURATION, durationMicros } from '#crds/quantity.ts';
import type { TelemetrySettings } from '#operator/controllers/telemetry/part.ts';

/** What is said of measurements on the command line. */
export interface TelemetryFlags {
  readonly prometheusUrl?: string;
  readonly prometheusTokenFile?: string;
  /** Milliseconds. */
  readonly telemetryPeriod: number;
  readonly telemetryQueries?: string;
  readonly plannerTokenFile?: string;
}

const httpUrl = (text: string): string => {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('a URL is such as http://prometheus.monitoring:9090');
};

const periodMs = (text: string): number => {
  const ms = DURATION.test(text) ? durationMicros(text) / 1_000 : 0;
  if (ms >= 1_000 && ms <= 600_000) return ms;
  throw new InvalidArgumentError('a period is from 1s to 10m');
};

/** Where a pod finds the token of its service account. */
const ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Adds the flags of telemetry to a command. */
export function withTelemetryFlags(command: Command): Command {
  return command
    .option('--prometheus-url <url>', 'where Prometheus answers; nothing is measured when left out', httpUrl)
    .option('--prometheus-token-file <file>', 'bearer token for Prometheus; none is sent when left out')
    .option('--telemetry-period <duration>', 'how often it is asked', periodMs, 15_000)
    .option('--telemetry-queries <file>', 'queries in the place of the usual ones (docs/telemetry.md)')
    .option(
      '--planner-token-file <file>',
      'bearer token for the planner’s memory; that of the pod’s service account when left out',
    );
}

/** What the flags ask for; undefined when nothing is to be measured. Throws `InputError` for a file of queries that is none. */
export async function telemetryOf(flags: TelemetryFlags): Promise<TelemetrySettings | undefined> {
  const { prometheusUrl: url, telemetryQueries: file, plannerTokenFile: tokenFile = ACCOUNT_TOKEN } = flags;
  if (url === undefined) return undefined;
  const { PrometheusSource } = await import('#operator/telemetry/prometheus.ts');
  const { readTemplates } = await import('#operator/telemetry/templates.ts');
  const templates = file === undefined ? undefined : readTemplates(await readFile(file, 'utf8'), file);
  const source = new PrometheusSource({
    url,
    templates,
    tokenFile: flags.prometheusTokenFile,
    nowMs: () => Date.now(),
  });
  return { source, periodMs: flags.telemetryPeriod, tokenFile };
}
