import { isDeepStrictEqual } from 'node:util';
import type { EdgeRegion } from '#crds/edgeregion.ts';
import type { Finding } from '#crds/finding.ts';
import { fieldOf } from '#crds/finding.ts';
import { problemLine } from '#crds/input-error.ts';
import { KINDS } from '#crds/kinds.ts';
import { GROUP } from '#crds/meta.ts';
import { readObject } from '#crds/read-object.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';
import { overLimits } from './limits.ts';
import type { Question, Verdict } from './review.ts';
import { warningsOf } from './warnings.ts';

interface Written {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly metadata?: {
    readonly name?: unknown;
    readonly generateName?: unknown;
    readonly namespace?: unknown;
    readonly deletionTimestamp?: unknown;
  } | null;
  readonly spec?: unknown;
}

/** Problems that a message names; the rest is counted. */
const MOST = 20;
const ALLOWED: Verdict = { allowed: true, warnings: [] };

const asWritten = (value: unknown): Written => (typeof value === 'object' && value !== null ? value : {});

/** What a user wrote: status and the rest of metadata are the server's, and may be of another version of this program. */
function authored({ apiVersion, kind, metadata, spec }: Written, namespace: string | undefined): object {
  const { name, generateName } = metadata ?? {};
  const made = name ?? (typeof generateName === 'string' ? `${generateName}x` : undefined);
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    metadata: {
      ...(made === undefined ? {} : { name: made }),
      ...(namespace === undefined ? {} : { namespace }),
    },
    ...(spec === undefined ? {} : { spec }),
  };
}

/** Whether nothing is asked that a person could mend: an object that goes, or one whose spec stays as it is stored. */
function leavesSpec({ operation, object, oldObject }: Question): boolean {
  if (operation !== 'CREATE' && operation !== 'UPDATE') return true;
  const now = asWritten(object);
  if (operation === 'CREATE') return false;
  return (
    now.metadata?.deletionTimestamp !== undefined || isDeepStrictEqual(now.spec, asWritten(oldObject).spec)
  );
}

/** `ServiceDAG arena/stitching`, of a name that may itself be too long. */
function titled({ kind: { kind }, namespace, name, object }: Question): string {
  const written = asWritten(object).metadata?.name;
  const own = (name ?? (typeof written === 'string' ? written : '(unnamed)')).slice(0, 253);
  return `${kind} ${namespace === undefined ? own : `${namespace.slice(0, 253)}/${own}`}`;
}

function refusal(object: string, findings: readonly Finding[]): Verdict {
  const shown = findings.slice(0, MOST);
  const lines = shown.map(({ path, message, fix }) =>
    problemLine({ file: '', line: 0, object, field: fieldOf(path), message, fix }),
  );
  const more = findings.length - shown.length;
  return {
    allowed: false,
    message: [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n'),
    causes: shown.map(({ path, message, fix }) => ({
      field: fieldOf(path),
      message: fix === '' ? message : `${message}; ${fix}`,
    })),
  };
}

/**
 * Whether a ServiceDAG or an EdgeRegion may be stored: what the parser of `edgeloom plan` refuses is refused, in its words. Other kinds,
 * objects that are being deleted and specs that stay as they are stored pass. `regions` are those of the cluster; undefined when they
 * are not known. Pure.
 */
export function judge(question: Question, regions: readonly EdgeRegion[] | undefined): Verdict {
  const { group, kind } = question.kind;
  if (group !== GROUP || (kind !== 'ServiceDAG' && kind !== 'EdgeRegion')) return ALLOWED;
  if (leavesSpec(question)) return ALLOWED;
  const value = authored(asWritten(question.object), question.namespace);
  const over = overLimits(KINDS[kind].json, value);
  if (over.length > 0) return refusal(titled(question), over);
  const reading = readObject(value);
  if (reading.is === 'wrong') return refusal(reading.name, reading.findings);
  if (reading.is === 'skipped' || reading.kind !== 'ServiceDAG') return ALLOWED;
  return { allowed: true, warnings: warningsOf(reading.object as ServiceDAG, regions) };
}
