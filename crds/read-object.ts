import { graphFindings, graphOf } from './dag-checks.ts';
import type { Finding } from './finding.ts';
import { shown } from './finding.ts';
import { findingsOf } from './issues.ts';
import type { Kind, KindName } from './kinds.ts';
import { KINDS } from './kinds.ts';
import { repeatedItems, withoutDefaultedNulls } from './list-keys.ts';
import { API_VERSION, GROUP } from './meta.ts';
import { suggestion } from './nearest.ts';

/** What one written value is: an object of ours, something to skip, or wrong. */
export type Reading =
  | { readonly is: 'object'; readonly kind: KindName; readonly name: string; readonly object: object }
  | { readonly is: 'skipped'; readonly name: string }
  | { readonly is: 'wrong'; readonly name: string; readonly findings: readonly Finding[] };

interface Head {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown } | null;
}

/** `ServiceDAG arena/stitching`, as far as it can be told. */
function nameOf(head: Head, namespaced: boolean): string {
  const kind = typeof head.kind === 'string' ? head.kind : 'object';
  const name = typeof head.metadata?.name === 'string' ? head.metadata.name : '(unnamed)';
  const namespace = typeof head.metadata?.namespace === 'string' ? head.metadata.namespace : 'default';
  return namespaced ? `${kind} ${namespace}/${name}` : `${kind} ${name}`;
}

const wrong = (name: string, path: Finding['path'], message: string, fix: string): Reading => ({
  is: 'wrong',
  name,
  findings: [{ path, message, fix }],
});

/** Reads one value. Pure; all that is wrong with it is in the answer. */
export function readObject(value: unknown): Reading {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return wrong(
      '',
      [],
      `${shown(value)} is no Kubernetes object`,
      'start it with apiVersion, kind and metadata',
    );
  }
  const head = value as Head;
  const { apiVersion, kind } = head;
  for (const field of ['apiVersion', 'kind'] as const) {
    if (typeof head[field] === 'string' && head[field] !== '') continue;
    const example = field === 'kind' ? 'kind: ServiceDAG' : `apiVersion: ${API_VERSION}`;
    return wrong(nameOf(head, false), [field], 'required field is missing', `add it, such as ${example}`);
  }
  const known = Object.values<Kind>(KINDS).find((k) => k.kind === kind);
  const ours = String(apiVersion).startsWith(`${GROUP}/`);
  if (known !== undefined && known.apiVersion === apiVersion) return readKnown(known, head);
  if (ours && known?.apiVersion === API_VERSION) {
    const message = `${shown(apiVersion)} is not served`;
    return wrong(nameOf(head, known.namespaced), ['apiVersion'], message, `write ${API_VERSION}`);
  }
  if (ours) {
    const kinds = Object.values<Kind>(KINDS).filter((k) => k.apiVersion === API_VERSION);
    const fix = suggestion(
      String(kind),
      kinds.map((k) => k.kind),
    );
    return wrong(nameOf(head, false), ['kind'], `${shown(kind)} is no kind of ${GROUP}`, fix);
  }
  if (known?.apiVersion === API_VERSION) {
    return wrong(
      nameOf(head, false),
      ['apiVersion'],
      `${shown(apiVersion)} has no ${known.kind}`,
      `write ${API_VERSION}`,
    );
  }
  return { is: 'skipped', name: nameOf(head, false) };
}

function readKnown(kind: Kind, head: Head): Reading {
  const name = nameOf(head, kind.namespaced);
  const value = withoutDefaultedNulls(kind.json, head) as { spec?: unknown };
  const result = kind.schema.safeParse(value);
  const graph = kind.kind === 'ServiceDAG' ? graphOf(value.spec) : undefined;
  const findings = [
    ...(result.success ? [] : findingsOf(result.error.issues, value, kind.json)),
    ...repeatedItems(kind.json, value),
    ...(graph === undefined ? [] : graphFindings(graph)),
  ];
  if (findings.length > 0 || !result.success) return { is: 'wrong', name, findings };
  const object = result.data as { metadata: { namespace?: string | undefined } };
  if (kind.namespaced) object.metadata.namespace ??= 'default';
  else delete object.metadata.namespace;
  return { is: 'object', kind: kind.kind as KindName, name, object };
}
