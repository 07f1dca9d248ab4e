import { request } from 'undici';
import { z } from 'zod';
import { boundedText } from '../../../bounded-text.ts';

/** No answer is longer: some 5,000 measurements. */
const MOST_BYTES = 2 ** 20;
const MOST_MICROS = 10_000_000;

const answer = z.object({
  node: z.string().max(253),
  measurements: z
    .array(
      z.object({
        peer: z.string().max(253),
        rttMicros: z.number().min(0).max(MOST_MICROS),
        ageMs: z.number().min(0),
      }),
    )
    .max(5_000),
});

/** What one prober has measured. */
export type Measurements = z.output<typeof answer>['measurements'];

/** Why a prober's answer is of no use. */
export class ProberFailed extends Error {
  /** NoAnswer, Refused or Nonsense. */
  readonly reason: string;

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Asks the prober of a node. Throws ProberFailed when there is none, or when what answers is not the prober of that node. */
export async function askProber(
  node: string,
  where: { readonly address: string; readonly port: number },
  signal: AbortSignal,
): Promise<Measurements> {
  const host = where.address.includes(':') ? `[${where.address}]` : where.address;
  const url = `http://${host}:${where.port}/v1/measurements`;
  const { status, text } = await ask(url, signal);
  if (status !== 200) throw new ProberFailed('Refused', `${url} answers ${status}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ProberFailed('Nonsense', `${url} does not answer JSON`, { cause });
  }
  const read = answer.safeParse(json);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new ProberFailed('Nonsense', `${url}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  if (read.data.node !== node) {
    const message = `${url} is node ${node} but calls itself ${read.data.node}: start it with --node ${node}`;
    throw new ProberFailed('Nonsense', message);
  }
  return read.data.measurements;
}

async function ask(url: string, signal: AbortSignal): Promise<{ status: number; text: string }> {
  try {
    const { statusCode, body } = await request(url, { signal });
    const tooLong = (): Error => new ProberFailed('Nonsense', `${url} answers more than ${MOST_BYTES} bytes`);
    return { status: statusCode, text: await boundedText(body, MOST_BYTES, tooLong) };
  } catch (error) {
    if (error instanceof ProberFailed) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ProberFailed('NoAnswer', `${url} does not answer: ${why}`, { cause: error });
  }
}
