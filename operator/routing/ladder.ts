/** Mechanisms, best first: each does what it says to fewer calls, or less exactly, than the one before. */
export const LADDER = ['Mesh', 'Xds', 'Gateway', 'EndpointSubset', 'Uniform'] as const;

/** How calls of an edge are spread. */
export type Mechanism = (typeof LADDER)[number];

/** How long an answer may be outstanding, for a mechanism that is tried and for one in use. Demotion takes this long at most. */
export const DEADLINE_MS = 5_000;
/** How long what works is not replaced by something better because something better still may answer. */
export const PATIENCE_MS = 1_000;
/** A mechanism that fell has to hold for this long before it is used again; twice as long for each fall. */
export const DWELL_MS = 5_000;
const LONGEST_DWELL_MS = 300_000;
/** After this long falls are forgotten: of one that holds, and of one that is no longer there. */
export const FORGET_MS = 600_000;

/** What is seen of one mechanism for one edge. */
export type Verdict =
  /** It was asked and does it. */
  | { readonly kind: 'accepted' }
  /** It was asked and has not answered, or has doubts that may pass. */
  | { readonly kind: 'pending'; readonly reason: string; readonly message: string }
  /** It was asked and refuses. */
  | { readonly kind: 'rejected'; readonly reason: string; readonly message: string }
  /** It cannot be asked: nothing of it is there, or it does not carry this protocol. */
  | { readonly kind: 'absent'; readonly reason: string; readonly message: string };

/** The past of one mechanism. */
interface Past {
  readonly verdict: Verdict['kind'];
  /** Since when that has been the verdict. */
  readonly sinceMs: number;
  /** Times it was in use and failed. */
  readonly falls: number;
  /** It was in use, failed, and is not in use again. */
  readonly lost: boolean;
}

/** Where one edge stands on the ladder. */
export interface Standing {
  readonly mechanism: Mechanism;
  readonly past: ReadonlyMap<Mechanism, Past>;
}

/** Nothing has been tried. */
export const AT_THE_BOTTOM: Standing = { mechanism: 'Uniform', past: new Map() };

/** As a status says it was before a restart; `degraded`: something better had been lost. */
export function standingAt(mechanism: Mechanism, degraded: boolean, nowMs: number): Standing {
  const accepted: Past = { verdict: 'accepted', sinceMs: nowMs, falls: 0, lost: false };
  const lost: Past = { verdict: 'absent', sinceMs: nowMs, falls: 1, lost: true };
  const above = LADDER[LADDER.indexOf(mechanism) - 1];
  const past = new Map<Mechanism, Past>([[mechanism, accepted]]);
  if (degraded && above !== undefined) past.set(above === 'EndpointSubset' ? 'Gateway' : above, lost);
  return { mechanism, past };
}

/** What the next standing is made from. */
export interface Sight {
  /** `spec.routing.mechanism`. */
  readonly asked: Mechanism | 'Auto';
  readonly verdicts: ReadonlyMap<Mechanism, Verdict>;
  readonly nowMs: number;
}

/** The next standing; `degraded` says what was lost or is asked for in vain; `againMs`: time alone may change it then. */
export interface Climbed {
  readonly standing: Standing;
  readonly degraded: { readonly mechanism: Mechanism; readonly message: string } | undefined;
  readonly againMs: number | undefined;
}

/** Mechanisms that may be used, best first: the one asked for, and what stands in for it. */
export const rungs = (asked: Mechanism | 'Auto'): readonly Mechanism[] =>
  asked === 'Auto' ? LADDER : LADDER.slice(LADDER.indexOf(asked));

const dwellMs = (falls: number): number =>
  falls === 0 ? 0 : Math.min(LONGEST_DWELL_MS, DWELL_MS * 2 ** (falls - 1));

/**
 * One look at the ladder: down at once when what is in use refuses or is gone, or stays silent past the deadline; up when something
 * better is accepted, for longer each time it has failed before. Nothing is passed over that may still answer in time. Pure.
 */
export function climb(before: Standing, { asked, verdicts, nowMs }: Sight): Climbed {
  const order = rungs(asked);
  const seen = (mechanism: Mechanism): Verdict => verdicts.get(mechanism) ?? NOTHING_KNOWN;
  const past = new Map(order.map((m) => [m, remember(before.past.get(m), seen(m).kind, nowMs)]));
  const ageMs = (m: Mechanism): number => nowMs - (past.get(m)?.sinceMs ?? nowMs);
  const waitsMs: number[] = [];
  const isGood = (m: Mechanism): boolean => {
    if (m === 'Uniform') return true;
    const left = (m === before.mechanism ? 0 : dwellMs(past.get(m)?.falls ?? 0)) - ageMs(m);
    if (seen(m).kind === 'accepted' && left > 0) waitsMs.push(left);
    return seen(m).kind === 'accepted' && left <= 0;
  };
  const mayAnswer = (m: Mechanism): boolean => {
    const left = (m === before.mechanism || m === asked ? DEADLINE_MS : PATIENCE_MS) - ageMs(m);
    if (seen(m).kind === 'pending' && left > 0) waitsMs.push(left);
    return seen(m).kind === 'pending' && left > 0;
  };
  const isHeld =
    order.includes(before.mechanism) && (isGood(before.mechanism) || mayAnswer(before.mechanism));
  const mechanism = choose(order, before.mechanism, isHeld, isGood, mayAnswer);
  const fell = !isHeld && order.includes(before.mechanism) && before.mechanism !== mechanism;
  for (const [m, was] of past) {
    if (m === before.mechanism && fell) past.set(m, { ...was, falls: was.falls + 1, lost: true });
    else if (m === mechanism) past.set(m, { ...was, lost: false });
  }
  const lost = order.find((m) => past.get(m)?.lost === true);
  const waited = asked !== 'Auto' && mechanism !== asked && !mayAnswer(asked) ? asked : undefined;
  const missing = lost ?? waited;
  return {
    standing: { mechanism, past },
    degraded: missing === undefined ? undefined : { mechanism: missing, message: messageOf(missing, seen) },
    againMs: waitsMs.length === 0 ? undefined : Math.min(...waitsMs),
  };
}

const NOTHING_KNOWN: Verdict = { kind: 'absent', reason: 'NotThere', message: 'it is not there' };

function remember(was: Past | undefined, verdict: Verdict['kind'], nowMs: number): Past {
  if (was?.verdict !== verdict)
    return { verdict, sinceMs: nowMs, falls: was?.falls ?? 0, lost: was?.lost ?? false };
  const forgotten = nowMs - was.sinceMs >= FORGET_MS && (verdict === 'accepted' || verdict === 'absent');
  return forgotten ? { ...was, falls: 0, lost: false } : was;
}

function choose(
  order: readonly Mechanism[],
  now: Mechanism,
  isHeld: boolean,
  isGood: (m: Mechanism) => boolean,
  mayAnswer: (m: Mechanism) => boolean,
): Mechanism {
  for (const m of order) {
    if (m === now && isHeld) return m;
    if (isGood(m)) return m;
    // Something better may be in use in a moment: until then what works is left as it is, and what does not is replaced.
    if (isHeld && mayAnswer(m)) return now;
  }
  return 'Uniform';
}

function messageOf(mechanism: Mechanism, seen: (m: Mechanism) => Verdict): string {
  const verdict = seen(mechanism);
  return verdict.kind === 'accepted'
    ? `${mechanism} works again, and is used once it has held`
    : `${mechanism}: ${verdict.reason}: ${verdict.message}`;
}
