import type { z } from 'zod';
import type { Log } from '#kube/log.ts';
import type { KubeObject } from '#kube/object.ts';
import { keyOf } from '#kube/object.ts';

/** Reads objects of one kind: those whose spec is as its schema says, each checked once however often it is asked for. */
export class SpecReader<T> {
  readonly #schema: z.ZodType;
  readonly #log: Log;
  readonly #read = new WeakMap<KubeObject, { readonly object: T | undefined }>();

  constructor(schema: z.ZodType, log: Log) {
    this.#schema = schema;
    this.#log = log;
  }

  /** Everything that can be read; what cannot is left out, and logged the first time. */
  all(objects: readonly KubeObject[]): T[] {
    return objects.flatMap((object) => this.#one(object) ?? []);
  }

  #one(object: KubeObject): T | undefined {
    const known = this.#read.get(object);
    if (known !== undefined) return known.object;
    const result = this.#schema.safeParse((object as { spec?: unknown }).spec);
    if (!result.success) {
      const { kind } = object;
      const issue = result.error.issues[0];
      const where = `spec.${issue?.path.join('.') ?? ''}`;
      this.#log.warn({ kind, object: keyOf(object), field: where, why: issue?.message }, 'object left out');
    }
    const read = result.success ? ({ ...object, spec: result.data } as T) : undefined;
    this.#read.set(object, { object: read });
    return read;
  }
}
