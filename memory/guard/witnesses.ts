import type { Trace } from '#memory/trace/trace.ts';

/** A report as others are compared with it. */
export interface Testimony {
  readonly trace: Trace;
  readonly agent: string;
  readonly score: number;
  readonly isAdmitted: boolean;
}

/** What is remembered of a report. */
interface Heard extends Omit<Testimony, 'trace'> {
  readonly id: string;
  readonly tenant: string;
  readonly atMs: number;
  readonly nodes: ReadonlySet<string>;
}

/** A machine's state lasts so long. */
const TOGETHER_MS = 10_000;
/** How much worse than expected, in parts of the limit, an outcome must be to bear another one out. */
const LEAST_SCORE = 0.5;
/** Other reporters of other tenants that must agree. */
const AGREEING = 2;
/** Share of the report's machines that each of them must have used, too: with one in common, lies are borne out as well (decision 0022). */
const COVERED = 0.5;
const MOST_HEARD = 512;

/**
 * Finds reports kept aside that independent ones bear out: two other reporters, of two other tenants, were themselves believed and say that
 * on most of the same machines it went much worse than expected at the time. Only bad news is borne out so: that machines are overloaded
 * shows in all that runs there, and a release that damns attracts nobody. Forgotten with the process.
 */
export class Witnesses {
  #heard: Heard[] = [];

  /** Takes a report in; ids of those kept aside that are borne out now. */
  hear({ trace, agent, score, isAdmitted }: Testimony): string[] {
    if (score > -LEAST_SCORE) return [];
    const nodes = new Set(trace.map.placements.map(({ node }) => node));
    const { id, tenant, createdMs: atMs } = trace;
    this.#heard.push({ id, tenant, agent, score, isAdmitted, atMs, nodes });
    if (this.#heard.length > MOST_HEARD) this.#heard.shift();
    const released = this.#heard.filter((one) => !one.isAdmitted && this.#isBorneOut(one));
    // Who needed witnesses is none.
    this.#heard = this.#heard.filter((one) => !released.includes(one));
    return released.map((one) => one.id);
  }

  #isBorneOut(report: Heard): boolean {
    const agents = new Set<string>();
    const tenants = new Set<string>();
    for (const other of this.#heard) {
      if (!other.isAdmitted || other.agent === report.agent || other.tenant === report.tenant) continue;
      if (Math.abs(other.atMs - report.atMs) > TOGETHER_MS || !covers(other.nodes, report.nodes)) continue;
      agents.add(other.agent);
      tenants.add(other.tenant);
    }
    return agents.size >= AGREEING && tenants.size >= AGREEING;
  }
}

/** Whether `nodes` has at least `COVERED` of the others. */
const covers = (nodes: ReadonlySet<string>, others: ReadonlySet<string>): boolean =>
  [...others].filter((name) => nodes.has(name)).length >= COVERED * others.size;
