import { Document, isMap, isNode, visit } from 'yaml';
import type { Note } from './manifest.ts';

const WIDTH = 120;

/** One YAML document: small maps on one line, a comment before each noted path, strings that look like numbers quoted. */
export function render(manifest: object, notes: readonly Note[] = []): string {
  const doc = new Document(manifest, { aliasDuplicateObjects: false });
  visit(doc, {
    Map: (_, map, parents) => {
      if (parents.length > 1 && JSON.stringify(map.toJSON()).length <= WIDTH) map.flow = true;
    },
  });
  for (const { path, text } of notes) {
    const at = path.slice(0, -1);
    const last = path.at(-1);
    const parent = doc.getIn(at, true);
    // A comment belongs to the key of a map's entry, and to the item itself in a list.
    const pair = isMap(parent) ? parent.items.find((item) => String(item.key) === String(last)) : undefined;
    const target = pair === undefined ? doc.getIn(path, true) : pair.key;
    if (!isNode(target)) throw new Error(`no place for the comment at ${path.join('.')}`);
    target.commentBefore = ` ${text}`;
  }
  return doc.toString({ lineWidth: 0, flowCollectionPadding: false });
}
