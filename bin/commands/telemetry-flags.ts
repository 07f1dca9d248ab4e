import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { DURATION, durationMicros } from '#crds/quantity.ts';
import { InputError } from '#crds/input-error.ts';
import type { TelemetrySettings } from '#operator/controllers/telemetry/part.ts';
import { PATIENCE } from '#operator/controllers/telemetry/trouble.ts';
import type { Templates } from '#operator/telemetry/templates.ts';

/** What is said of measurements on the command line. */
export interface TelemetryFlags {
  readonly prometheusUrl?: string;
  readonly prometheusTokenFile?: string;
  /** Milliseconds. */
  readonly telemetryPeriod: number;
  readonly telemetryQueries?: string;
  /** Milliseconds. */
  readonly replanAfter: number;
  /** Milliseconds. */
  readonly replanPause: number;
  readonly plannerTokenFile?: string;
}

const httpUrl = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && url.username + url.password !== '')
    throw new InvalidArgumentError('credentials do not belong into a URL: use --prometheus-token-file');
  if (url !== undefined && /^https?:$/.test(url.protocol)) return text;
  throw new InvalidArgumentError('a URL is such as http://prometheus.monitoring:9090');
};

const periodMs = (text: string): number => {
  const ms = DURATION.test(text) ? durationMicros(text) / 1_000 : 0;
  if (ms >= 1_000 && ms <= 600_000) return ms;
  throw new InvalidArgumentError('a period is from 1s to 10m');
};

/** Milliseconds of a duration from a second to a day. */
export const patienceMs = (text: string): number => {
  const ms = DURATION.test(text) ? durationMicros(text) / 1_000 : 0;
  if (ms >= 1_000 && ms <= 86_400_000) return ms;
  throw new InvalidArgumentError('a duration is from 1s to 24h');
};

/** Where a pod finds the token of its service account. */
const ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Adds the flags of telemetry to a command. */
export function withTelemetryFlags(command: Command): Command {
  return command
    .option('--prometheus-url <url>', 'where Prometheus answers; nothing is measured when left out', httpUrl)
    .option('--prometheus-token-file <file>', 'bearer token for Prometheus; none is sent when left out')
    .addOption(
      new Option('--telemetry-period <duration>', 'how often it is asked')
        .argParser(periodMs)
        .default(15_000, '15s'),
    )
    .option('--telemetry-queries <file>', 'queries in the place of the usual ones (docs/telemetry.md)')
    .addOption(
      new Option(
        '--replan-after <duration>',
        'a limit that is measured to be broken, or a drift, calls for a new plan when it has lasted this long',
      )
        .argParser(patienceMs)
        .default(PATIENCE.lastsMs, '60s'),
    )
    .addOption(
      new Option(
        '--replan-pause <duration>',
        'after a plan that was made for one, none is made for another before this',
      )
        .argParser(patienceMs)
        .default(PATIENCE.coolDownMs, '10m'),
    )
    .option(
      '--planner-token-file <file>',
      'bearer token for the planner, so that plans may recall and outcomes are kept; that of the pod’s service account when left out',
    );
}

/** What the flags ask for; undefined when nothing is to be measured. Exits 2 when the file of queries is none. */
export async function telemetryOf(
  flags: TelemetryFlags,
  command: Command,
): Promise<TelemetrySettings | undefined> {
  const { prometheusUrl: url, telemetryQueries: file } = flags;
  if (url === undefined) return undefined;
  const { PrometheusSource } = await import('#operator/telemetry/prometheus.ts');
  const templates = file === undefined ? undefined : await templatesIn(file, command);
  const { prometheusTokenFile: tokenFile, telemetryPeriod } = flags;
  const source = new PrometheusSource({ url, templates, tokenFile, nowMs: () => Date.now() });
  const patience = { ...PATIENCE, lastsMs: flags.replanAfter, coolDownMs: flags.replanPause };
  return { source, periodMs: telemetryPeriod, patience, tokenFile: plannerToken(flags) };
}

/** File with the token for the planner: the one that is named, or where a pod finds its own. */
export const plannerToken = ({ plannerTokenFile = ACCOUNT_TOKEN }: TelemetryFlags): string =>
  plannerTokenFile;

async function templatesIn(file: string, command: Command): Promise<Templates> {
  const { readTemplates } = await import('#operator/telemetry/templates.ts');
  try {
    return readTemplates(await readFile(file, 'utf8'), file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (!(error instanceof InputError) && code === undefined) throw error;
    const message = error instanceof InputError ? error.message : `${file}: cannot be read (${code})`;
    return command.error(message, { exitCode: 2 });
  }
}
