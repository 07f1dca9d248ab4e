import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import { boundedText } from '../bounded-text.ts';
import { samplesOf } from './answer.ts';
import type { Sample } from './answer.ts';
import { readingOf } from './reading.ts';
import type { Answers } from './reading.ts';
import { SourceFailed } from './source.ts';
import type { Reading, TelemetrySource } from './source.ts';
import { FIGURES, TEMPLATES } from './templates.ts';
import type { Templates } from './templates.ts';

/** How Prometheus is asked. */
export interface PrometheusOptions {
  /** Where it answers, with the prefix of its path if it has one. */
  readonly url: string;
  /** File with a bearer token for it, read anew each time; none is sent when left out. */
  readonly tokenFile?: string | undefined;
  /** `TEMPLATES` when left out. */
  readonly templates?: Templates | undefined;
  /** For all queries of one look together. */
  readonly deadlineMs?: number;
  readonly nowMs: () => number;
}

const DEADLINE_MS = 5_000;
const MOST_BYTES = 16 * 2 ** 20;
/** No edge carries more requests per second, and no call takes longer than an hour. */
const MOST = { rate: 1e9, latencyMs: 3_600_000 } as const;

/** Measurements from Prometheus's HTTP API: one instant query for each figure of each template, whatever the number of edges. */
export class PrometheusSource implements TelemetrySource {
  readonly windowSeconds: number;
  readonly #options: PrometheusOptions;
  readonly #templates: Templates['templates'];

  constructor(options: PrometheusOptions) {
    const { windowSeconds, templates } = options.templates ?? TEMPLATES;
    this.#options = options;
    this.windowSeconds = windowSeconds;
    this.#templates = templates;
  }

  async read({ mesh }: { readonly mesh: boolean }, signal: AbortSignal): Promise<Reading> {
    const { deadlineMs = DEADLINE_MS } = this.#options;
    const late = AbortSignal.timeout(deadlineMs);
    const failed = new AbortController();
    const any = AbortSignal.any([signal, late, failed.signal]);
    let rejected = 0;
    const asked = this.#templates
      .filter((template) => mesh || !template.mesh)
      .map(async (template): Promise<Answers> => {
        const perMs = template.latencyUnit === 'ms' ? 1 : 1 / 1000;
        const rows = await Promise.all(
          FIGURES.map(async (figure): Promise<readonly [string, readonly Sample[]]> => {
            const query = template.queries[figure];
            if (query === undefined) return [figure, []];
            const most = figure === 'rate' || figure === 'errors' ? MOST.rate : MOST.latencyMs * perMs;
            const text = await this.#ask(query, any);
            const got = samplesOf(text, { most, nowMs: this.#options.nowMs() });
            rejected += got.rejected;
            return [figure, got.samples];
          }),
        );
        return { template, samples: Object.fromEntries(rows) };
      });
    try {
      return readingOf(await Promise.all(asked), rejected);
    } catch (error) {
      // The others are not waited for: their answers would be of no use.
      failed.abort();
      signal.throwIfAborted();
      if (late.aborted) throw new SourceFailed('Late', `no answer within ${deadlineMs} ms`, { cause: error });
      throw error;
    }
  }

  async #ask(query: string, signal: AbortSignal): Promise<string> {
    const body = new URLSearchParams({ query: query.replaceAll('$window', `${this.windowSeconds}s`) });
    const url = `${this.#options.url.replace(/\/+$/, '')}/api/v1/query`;
    const { tokenFile } = this.#options;
    const token = tokenFile === undefined ? '' : await tokenIn(tokenFile);
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
    };
    let status: number;
    let text: string;
    try {
      const answer = await request(url, { method: 'POST', headers, body: body.toString(), signal });
      status = answer.statusCode;
      text = await boundedText(answer.body, MOST_BYTES, tooLong);
    } catch (cause) {
      if (cause instanceof SourceFailed) throw cause;
      throw new SourceFailed('Unreachable', `no answer (${codeOf(cause)})`, { cause });
    }
    if (status !== 200) throw new SourceFailed('Refused', `it answers ${status}${complaint(text)}`);
    return text;
  }
}

async function tokenIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new SourceFailed('Refused', `the token file cannot be read (${codeOf(cause)})`, { cause });
  }
}

/** What Prometheus itself says of a query that it refuses. */
function complaint(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === 'string' ? `: ${error.slice(0, 200)}` : '';
  } catch {
    return '';
  }
}

/** `ECONNREFUSED` and the like: without addresses, ports and times, which differ from try to try. */
const codeOf = (cause: unknown): string => {
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : cause instanceof Error ? cause.name : 'unknown';
};

const tooLong = (): SourceFailed =>
  new SourceFailed('TooLarge', `an answer is over ${MOST_BYTES} bytes: narrow the queries`);
