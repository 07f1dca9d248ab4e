import type { KubeObject } from './object.ts';
import { FakeRefusal } from './fake-refusal.ts';

/** Whether an object is selected. */
export type Matches = (object: KubeObject) => boolean;

type Labels = Readonly<Record<string, string>>;

function requirement(text: string): (labels: Labels) => boolean {
  const set = /^(\S+)\s+(in|notin)\s+\((.*)\)$/.exec(text);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    return (labels) => {
      const value = labels[key];
      const inside = value !== undefined && values.includes(value);
      return operator === 'in' ? inside : !inside;
    };
  }
  const equal = /^([^!=\s]+)\s*(!=|==|=)\s*(\S*)$/.exec(text);
  if (equal !== null) {
    const [, key = '', operator, value] = equal;
    return (labels) => (labels[key] === value) === (operator !== '!=');
  }
  return text.startsWith('!') ? (labels) => !(text.slice(1) in labels) : (labels) => text in labels;
}

/** `a=b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a` and `!a`, joined by commas. */
export function labelMatcher(selector: string): Matches {
  const texts = selector.split(/,(?![^(]*\))/).map((text) => text.trim());
  const all = texts.filter((text) => text !== '').map(requirement);
  return ({ metadata: { labels = {} } }) => all.every((one) => one(labels));
}

function fieldOf(object: KubeObject, path: string): string {
  if (path === 'metadata.name') return object.metadata.name;
  if (path === 'metadata.namespace') return object.metadata.namespace ?? '';
  if (path === 'spec.nodeName') return (object as { spec?: { nodeName?: string } }).spec?.nodeName ?? '';
  if (path === 'status.phase') return (object as { status?: { phase?: string } }).status?.phase ?? '';
  throw new FakeRefusal(400, 'BadRequest', `field label not supported: ${path}`);
}

/** `=`, `==` and `!=` on metadata.name, metadata.namespace, spec.nodeName and status.phase. */
export function fieldMatcher(selector: string): Matches {
  const texts = selector.split(',').filter((text) => text !== '');
  const all = texts.map((text): Matches => {
    const [, path = '', operator, value] = /^([^!=]+)(!=|==|=)(.*)$/.exec(text) ?? [];
    return (object) => (fieldOf(object, path) === value) === (operator !== '!=');
  });
  return (object) => all.every((one) => one(object));
}
