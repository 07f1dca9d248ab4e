import type { KubeConfig } from '@kubernetes/client-node';
import { loadKubeConfig, optionsFrom } from './kubeconfig.ts';
import { apiVersionOf, pathOf } from './kinds.ts';
import type { Kind } from './kinds.ts';
import type { KubeObject } from './object.ts';
import type {
  ApplyOptions,
  CallOptions,
  DeleteOptions,
  JsonPatchOperation,
  ListOptions,
  Page,
  TransportOptions,
  WatchStreamOptions,
  WriteOptions,
} from './transport-options.ts';
import { watchFrames } from './watch-frames.ts';
import type { WatchFrame } from './watch-frames.ts';
import { Wire } from './wire.ts';
export type { WatchFrame } from './watch-frames.ts';
export type { CallOptions, ListOptions, Page, Selection, TransportOptions } from './transport-options.ts';

interface RawList<T> {
  readonly items?: readonly T[] | null;
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

/** The Kubernetes API over kept connections: every call has a deadline and fails as ApiError. */
export class Transport {
  readonly #wire: Wire;

  constructor(options: TransportOptions) {
    this.#wire = new Wire(options);
  }

  /** Reaches the current cluster of a kubeconfig as its current user. */
  static async fromKubeConfig(kc: KubeConfig, options: Partial<TransportOptions> = {}): Promise<Transport> {
    return new Transport({ ...(await optionsFrom(kc)), ...options });
  }

  /** The given file, else $KUBECONFIG, else ~/.kube/config, else the pod's service account. */
  static fromKubeConfigFile(path?: string, options: Partial<TransportOptions> = {}): Promise<Transport> {
    return Transport.fromKubeConfig(loadKubeConfig(path), options);
  }

  /** One object as it is now; ApiError 404 when there is none. */
  async get<T extends KubeObject>(
    kind: Kind,
    name: string,
    namespace?: string,
    options: CallOptions & { readonly subresource?: string } = {},
  ): Promise<T> {
    const path = pathOf(kind, namespace, name, options.subresource);
    return (await this.#wire.call({ method: 'GET', path }, options)) as T;
  }

  /** One page; items carry apiVersion and kind, which the server leaves out of lists. */
  async list<T extends KubeObject>(kind: Kind, options: ListOptions = {}): Promise<Page<T>> {
    const { namespace, signal, deadlineMs, ...query } = options;
    const path = pathOf(kind, namespace);
    const raw = (await this.#wire.call(
      { method: 'GET', path, query: { ...query } },
      { signal, deadlineMs },
    )) as RawList<T>;
    const type = { apiVersion: apiVersionOf(kind), kind: kind.kind };
    const next = raw.metadata?.continue;
    return {
      items: (raw.items ?? []).map((item) => ({ ...type, ...item })),
      resourceVersion: raw.metadata?.resourceVersion ?? '',
      ...(next === undefined || next === '' ? {} : { continue: next }),
    };
  }

  /** The frames after a version, until the server ends the stream; ERROR frames are yielded, not thrown. */
  watch<T extends KubeObject>(kind: Kind, options: WatchStreamOptions): AsyncGenerator<WatchFrame<T>> {
    const { namespace, signal, idleMs = 150_000, ...query } = options;
    const path = pathOf(kind, namespace);
    const request = {
      method: 'GET',
      path,
      query: { ...query, watch: true, allowWatchBookmarks: true },
    } as const;
    return watchFrames<T>(this.#wire.stream(request, idleMs, signal), path);
  }

  /** Creates; ApiError 409 AlreadyExists when the name is taken. */
  create<T extends KubeObject>(
    kind: Kind,
    object: T,
    options: WriteOptions & { readonly namespace?: string | undefined } = {},
  ): Promise<T> {
    const path = pathOf(kind, options.namespace ?? object.metadata.namespace);
    return this.#write<T>('POST', path, typed(kind, object), options);
  }

  /** Server-side apply: creates or changes only the fields given, and owns them. */
  apply<T extends KubeObject>(kind: Kind, object: T, options: ApplyOptions): Promise<T> {
    const { name, namespace } = object.metadata;
    const path = pathOf(kind, namespace, name, options.subresource);
    return this.#write<T>(
      'PATCH',
      path,
      typed(kind, object),
      { force: true, ...options },
      'application/apply-patch+yaml',
    );
  }

  /** RFC 6902; a failed `test` is ApiError 422. */
  patchJson<T extends KubeObject>(
    kind: Kind,
    name: string,
    namespace: string | undefined,
    operations: readonly JsonPatchOperation[],
    options: WriteOptions = {},
  ): Promise<T> {
    const path = pathOf(kind, namespace, name, options.subresource);
    return this.#write<T>('PATCH', path, operations, options, 'application/json-patch+json');
  }

  /** RFC 7396; put `metadata.resourceVersion` in the body to be refused when it changed. */
  patchMerge<T extends KubeObject>(
    kind: Kind,
    name: string,
    namespace: string | undefined,
    body: unknown,
    options: WriteOptions = {},
  ): Promise<T> {
    const path = pathOf(kind, namespace, name, options.subresource);
    return this.#write<T>('PATCH', path, body, options, 'application/merge-patch+json');
  }

  /** Replaces; ApiError 409 when the object's resourceVersion is not the current one. */
  update<T extends KubeObject>(kind: Kind, object: T, options: WriteOptions = {}): Promise<T> {
    const { name, namespace } = object.metadata;
    return this.#write<T>(
      'PUT',
      pathOf(kind, namespace, name, options.subresource),
      typed(kind, object),
      options,
    );
  }

  /** Deletes, or with finalizers asks for it; ApiError 404 when there is nothing, 409 on a failed precondition. */
  async delete(kind: Kind, name: string, namespace?: string, options: DeleteOptions = {}): Promise<void> {
    const { signal, deadlineMs, ...body } = options;
    const path = pathOf(kind, namespace, name);
    const request = {
      method: 'DELETE',
      path,
      body: { apiVersion: 'v1', kind: 'DeleteOptions', ...body },
    } as const;
    await this.#wire.call(request, { signal, deadlineMs });
  }

  /** Ends every connection; what is in flight fails. */
  close(): Promise<void> {
    return this.#wire.close();
  }

  async #write<T>(
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    body: unknown,
    options: WriteOptions & { readonly force?: boolean | undefined },
    contentType?: string,
  ): Promise<T> {
    const { signal, deadlineMs, fieldManager, force } = options;
    const request = { method, path, query: { fieldManager, force }, body, contentType };
    return (await this.#wire.call(request, { signal, deadlineMs })) as T;
  }
}

const typed = <T extends KubeObject>(kind: Kind, object: T): T => ({
  ...object,
  apiVersion: object.apiVersion ?? apiVersionOf(kind),
  kind: object.kind ?? kind.kind,
});
