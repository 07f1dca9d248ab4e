import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';
import { systemClock } from '#kube/clock.ts';
import type { Clock } from '#kube/clock.ts';
import type { Log } from '#kube/log.ts';
import { internalIp } from '#world/addresses.ts';
import type { Caches } from '../../../caches.ts';
import type { CachedNode, CachedRegion } from '../../../objects.ts';
import type { World } from '../../../world.ts';
import { askProber, ProberFailed } from './ask-prober.ts';
import type { Measurements } from './ask-prober.ts';
import { equationsOf } from './equations.ts';
import type { RoundTrip } from './equations.ts';
import { linkReport } from './rows.ts';
import type { LinkReport, Lifetimes } from './rows.ts';
import { solveLinks } from './solve.ts';
import type { LinkEstimate } from './solve.ts';

/** Where probers answer, and how often they are asked. */
export interface LinksSettings {
  readonly port: number;
  /** `PERIOD_MS` when left out. */
  readonly periodMs?: number | undefined;
}

/** What the part is made from. */
export interface LinksParts extends LinksSettings {
  readonly caches: Caches;
  readonly world: World;
  readonly registry: Registry;
  readonly log: Log;
  readonly clock?: Clock;
  readonly nowMs: () => number;
  /** Hears that there may be something new to say of the links of a region. */
  readonly told: (region: string) => void;
}

/** How often probers are asked. */
export const PERIOD_MS = 30_000;
/** Rows are renewed after 10 periods (5 min) and gone after 20 (10 min) without a measurement. */
const HEARTBEAT_PERIODS = 10;
const STALE_PERIODS = 20;
/** Without contact for this long, caches are too old to act on (architecture section 2). */
const DOUBT_MS = 30_000;
const DEADLINE_MS = 2_000;
const AT_ONCE = 16;

interface Heard {
  readonly atMs: number;
  readonly measurements: Measurements;
}

/** Round trips between nodes as one part of the operator: asks the probers every period, and keeps what they mean to each link. */
export class LinksPart {
  readonly #from: LinksParts;
  readonly #periodMs: number;
  readonly #clock: Clock;
  readonly #lifetimes: Lifetimes;
  readonly #asked: Counter;
  readonly #heard = new Map<string, Heard>();
  readonly #lost = new Map<string, LinkReport['lost']>();
  readonly #failures = new Map<string, string>();
  #estimates: readonly LinkEstimate[] | undefined;

  constructor(from: LinksParts) {
    this.#from = from;
    this.#periodMs = from.periodMs ?? PERIOD_MS;
    this.#clock = from.clock ?? systemClock;
    this.#lifetimes = {
      heartbeatMs: HEARTBEAT_PERIODS * this.#periodMs,
      staleMs: STALE_PERIODS * this.#periodMs,
    };
    this.#asked = new Counter({
      name: 'edgeloom_probers_asked_total',
      help: 'Questions to probers by what came of them',
      labelNames: ['result'],
      registers: [from.registry],
    });
  }

  /** What there is to say of the links of a region; undefined before probers were asked for the first time. */
  report(region: CachedRegion, nowMs: number): LinkReport | undefined {
    if (this.#estimates === undefined) return undefined;
    const { name } = region.metadata;
    const report = linkReport(region, this.#estimates, this.#lost.get(name) ?? [], nowMs, this.#lifetimes);
    this.#lost.set(name, report.lost);
    return report;
  }

  /** Looks every period until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { caches, log } = this.#from;
      if (caches.doubt(DOUBT_MS) === undefined)
        await this.#look(signal).catch((err: unknown) => {
          // Measurements are help, not a reason to end the operator.
          if (!signal.aborted) log.error({ err }, 'a look at the links failed');
        });
      await this.#clock.sleep(this.#periodMs, signal).catch(() => undefined);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { caches, world, nowMs, told } = this.#from;
    const nodes = caches.nodes.list();
    await this.#askAll(nodes, signal);
    if (signal.aborted) return;
    const regions = world.regions();
    const since = nowMs() - this.#lifetimes.staleMs;
    const trips = [...this.#heard].flatMap(([from, { atMs, measurements }]) =>
      measurements.flatMap(({ peer, rttMicros, ageMs }): RoundTrip[] =>
        atMs - ageMs < since ? [] : [{ from, to: peer, rttMicros, atMs: atMs - ageMs }],
      ),
    );
    const { links, equations } = equationsOf(trips, nodes, regions);
    this.#estimates = solveLinks(links, equations);
    const names = new Set(regions.map(({ metadata }) => metadata.name));
    for (const name of this.#lost.keys()) if (!names.has(name)) this.#lost.delete(name);
    for (const name of names) told(name);
  }

  /** Asks the prober of every node that has an address; what one does not answer, it is believed to have said before, until that is old. */
  async #askAll(nodes: readonly CachedNode[], signal: AbortSignal): Promise<void> {
    const present = new Set(nodes.map(({ metadata }) => metadata.name));
    for (const name of [...this.#heard.keys(), ...this.#failures.keys()]) {
      if (present.has(name)) continue;
      this.#heard.delete(name);
      this.#failures.delete(name);
    }
    const waiting = nodes.values();
    const ask = async (): Promise<void> => {
      for (const node of waiting) {
        if (signal.aborted) return;
        await this.#ask(node, signal);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, ask));
  }

  async #ask(node: CachedNode, signal: AbortSignal): Promise<void> {
    const { name } = node.metadata;
    const address = internalIp(node, 4) ?? internalIp(node, 6);
    if (address === undefined) return;
    const late = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
    try {
      const measurements = await askProber(name, { address, port: this.#from.port }, late);
      this.#heard.set(name, { atMs: this.#from.nowMs(), measurements });
      this.#asked.inc({ result: 'Answered' });
      this.#failures.delete(name);
    } catch (error) {
      if (signal.aborted) return;
      const { reason, message } =
        error instanceof ProberFailed ? error : { reason: 'Failed', message: String(error) };
      this.#asked.inc({ result: reason });
      if (this.#failures.get(name) === reason) return;
      this.#failures.set(name, reason);
      this.#from.log.warn({ node: name, reason, err: message }, 'no measurements of a node');
    }
  }
}
