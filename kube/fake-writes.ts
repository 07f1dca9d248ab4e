import { applied, contested } from './fake-apply.ts';
import { isJson } from './fake-json.ts';
import type { Json } from './fake-json.ts';
import { jsonPatch, mergePatch } from './fake-patch.ts';
import { FakeRefusal } from './fake-refusal.ts';
import type { Route } from './fake-route.ts';
import { asObject } from './fake-storage.ts';
import type { FakeStorage } from './fake-storage.ts';
import type { KubeObject } from './object.ts';

/** Test support: one write as it came over HTTP. */
export interface WriteRequest {
  readonly method: string;
  readonly route: Route;
  readonly body: unknown;
  readonly contentType: string;
  readonly query: URLSearchParams;
}

const conflict = (route: Route, message: string): FakeRefusal =>
  new FakeRefusal(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${route.plural} "${route.name}": ${message}`,
  );

const keyOfRoute = ({ namespace, name = '' }: Route): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

const located = (object: KubeObject, { namespace, name }: Route): KubeObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
  },
});

const withoutStatus = ({ status: _status, ...object }: KubeObject & { status?: unknown }): KubeObject =>
  object;

/** The writes of the API: create, update, three kinds of patch, delete; `status` apart from the rest. */
export class FakeWrites {
  readonly #storage: FakeStorage;
  // What each manager applied last: `collection key subresource` -> manager -> object.
  readonly #applied = new Map<string, Map<string, unknown>>();

  constructor(storage: FakeStorage) {
    this.#storage = storage;
  }

  /** Does one write and returns the object after it. */
  handle(request: WriteRequest): KubeObject {
    switch (request.method) {
      case 'POST':
        return this.#create(request);
      case 'PUT':
        return this.#change(request, this.#current(request), request.body);
      case 'PATCH':
        return this.#patch(request);
      case 'DELETE':
        return this.#delete(request);
      default:
        throw new FakeRefusal(405, 'MethodNotAllowed', request.method);
    }
  }

  #current({ route }: WriteRequest): KubeObject {
    return this.#storage.get(route.collection, keyOfRoute(route));
  }

  #create({ route, body }: WriteRequest): KubeObject {
    const { subresource } = route;
    if (subresource !== undefined)
      throw new FakeRefusal(404, 'NotFound', `no subresource ${subresource} here`);
    const object = located(withoutStatus(asObject(body)), route);
    const { generateName, name = '' } = object.metadata as { generateName?: string; name?: string };
    const made =
      name === '' && generateName !== undefined ? generateName + String(this.#storage.version) : name;
    if (made === '') throw new FakeRefusal(422, 'Invalid', 'metadata.name: Required value');
    return this.#storage.create(route.collection, {
      ...object,
      metadata: { ...object.metadata, name: made },
    });
  }

  #patch(request: WriteRequest): KubeObject {
    const { contentType, body } = request;
    if (contentType.startsWith('application/apply-patch+yaml')) return this.#apply(request);
    const before = this.#current(request);
    if (contentType.startsWith('application/merge-patch+json')) {
      return this.#change(request, before, mergePatch(before, body));
    }
    if (contentType.startsWith('application/json-patch+json')) {
      return this.#change(request, before, jsonPatch(before, body as Parameters<typeof jsonPatch>[1]));
    }
    throw new FakeRefusal(
      415,
      'UnsupportedMediaType',
      `the body of the request was in an unknown format: ${contentType}`,
    );
  }

  #apply(request: WriteRequest): KubeObject {
    const { route, query } = request;
    const manager = query.get('fieldManager');
    if (manager === null)
      throw new FakeRefusal(400, 'BadRequest', 'fieldManager is required for apply patch');
    const { resourceVersion, ...metadata } = asObject(request.body).metadata;
    const now = { ...asObject(request.body), metadata };
    const live = this.#storage.find(route.collection, keyOfRoute(route));
    const id = `${route.collection} ${live?.metadata.uid} ${route.subresource ?? ''}`;
    const managers = this.#applied.get(id) ?? new Map<string, unknown>();
    if (query.get('force') !== 'true') this.#refuseContested(request, managers, manager, now);
    if (live === undefined && route.subresource !== undefined) this.#current(request);
    const old = managers.get(manager);
    const version = resourceVersion === undefined ? {} : { resourceVersion };
    const merged = applied(live ?? {}, old, now) as KubeObject;
    const wanted = { ...merged, metadata: { ...merged.metadata, ...version } };
    const after =
      live === undefined ? this.#create({ ...request, body: wanted }) : this.#change(request, live, wanted);
    this.#applied.set(
      `${route.collection} ${after.metadata.uid} ${route.subresource ?? ''}`,
      managers.set(manager, now),
    );
    return after;
  }

  #refuseContested(
    { route }: WriteRequest,
    managers: Map<string, unknown>,
    manager: string,
    now: unknown,
  ): void {
    const body = withoutIdentity(now);
    for (const [other, theirs] of managers) {
      const fields = other === manager ? [] : contested(withoutIdentity(theirs), body);
      if (fields.length > 0) throw conflict(route, `conflict with "${other}": ${fields.join(', ')}`);
    }
  }

  #change({ route }: WriteRequest, before: KubeObject, body: unknown): KubeObject {
    const wanted = asObject(body);
    const { resourceVersion, uid } = wanted.metadata;
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) {
      throw conflict(route, 'the object has been modified; please apply your changes to the latest version');
    }
    if (uid !== undefined && uid !== before.metadata.uid) throw conflict(route, 'the UID does not match');
    const { status: old, ...main } = before as KubeObject & { status?: unknown };
    const status = route.subresource === 'status' ? (wanted as { status?: unknown }).status : old;
    const base = route.subresource === undefined ? withoutStatus(wanted) : main;
    const after = status === undefined ? base : { ...base, status };
    return this.#storage.replace(route.collection, before, located(after, route));
  }

  #delete(request: WriteRequest): KubeObject {
    const { metadata } = this.#current(request);
    const options = isJson(request.body) ? request.body : {};
    const wanted = (options['preconditions'] ?? {}) as { uid?: string; resourceVersion?: string };
    for (const name of ['uid', 'resourceVersion'] as const) {
      if (wanted[name] !== undefined && wanted[name] !== metadata[name]) {
        throw conflict(request.route, `Precondition failed: ${name} in precondition: ${wanted[name]}`);
      }
    }
    return this.#storage.delete(request.route.collection, keyOfRoute(request.route));
  }
}

function withoutIdentity(object: unknown): Json {
  const { metadata, apiVersion: _a, kind: _k, ...body } = object as Json;
  const { name: _n, namespace: _ns, ...rest } = metadata as Json;
  return { ...body, metadata: rest };
}
