import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Credentials } from './api.ts';
import { lastLines, type Running } from './processes.ts';

const POLL_MS = 50;
const PROBE_TIMEOUT_MS = 3000;

/** Asks servers whether they are well. */
export class Health {
  readonly #agent: Agent;

  constructor({ ca, certificate: cert, key }: Credentials) {
    this.#agent = new Agent({ connect: { ca, cert, key } });
  }

  /** "ok", or what is wrong in a few words. */
  async probe(url: string): Promise<string> {
    try {
      const timeouts = { headersTimeout: PROBE_TIMEOUT_MS, bodyTimeout: PROBE_TIMEOUT_MS };
      const answer = await request(url, { dispatcher: this.#agent, ...timeouts });
      await answer.body.dump();
      return answer.statusCode === 200 ? 'ok' : `answers ${answer.statusCode}`;
    } catch (error) {
      const code = (error as { code?: string }).code;
      return code === 'ECONNREFUSED' ? 'does not listen' : (code ?? String(error));
    }
  }

  /** Returns when the server is well; fails at once when its process ends, with the end of its log. */
  async wait(server: Running, url: string, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const answer = server.alive ? await this.probe(url) : '';
      if (!server.alive) throw new Error(`${server.name} ended with ${server.ended}${logOf(server)}`);
      if (answer === 'ok') return;
      if (performance.now() > deadline) {
        const waited = `${Math.round(timeoutMs / 1000)} s`;
        throw new Error(`${server.name} was not ready in ${waited}: it ${answer}${logOf(server)}`);
      }
      await sleep(POLL_MS);
    }
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function logOf({ logFile }: Running): string {
  return `; the last lines of ${logFile}:\n${lastLines(logFile)}`;
}
