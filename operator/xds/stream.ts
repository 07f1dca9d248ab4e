import { createHash } from 'node:crypto';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Resource, Resources } from './resources.ts';
import {
  difference,
  heard,
  namesOf,
  namesOfDelta,
  NEW,
  sameVersions,
  versionsOf,
  wantedOf,
} from './subscription.ts';
import type { Question, Subscription } from './subscription.ts';
import { ORDER, TYPES } from './types.ts';
import type { TypeUrl } from './types.ts';

/** A question, an acknowledgement or a refusal, as it comes from a client. */
export interface Request extends Question {
  readonly node?: {
    readonly id?: string;
    readonly locality?: { readonly region?: string } | null;
  } | null;
  readonly type_url: string;
  readonly initial_resource_versions?: Readonly<Record<string, string>>;
  readonly response_nonce: string;
  readonly version_info?: string;
  readonly error_detail?: { readonly message?: string } | null;
}

/** The two directions of one stream. */
export type Wire = ServerDuplexStream<Request, object>;

const isType = (text: string): text is TypeUrl => ORDER.some((type) => type === text);

/** One client's stream: what it asked for, was sent and said of it. */
export class DiscoveryStream {
  readonly #wire: Wire;
  readonly #isDelta: boolean;
  readonly #subscriptions = new Map<TypeUrl, Subscription>();
  /** Versions that the newest answer of a type carried, taken over when it is acknowledged. */
  readonly #offered = new Map<TypeUrl, ReadonlyMap<string, string>>();
  #answers = 0;
  #node = '';
  #region = '';
  #routes: ReadonlyMap<string, string> = new Map();

  constructor(wire: Wire, isDelta: boolean) {
    this.#wire = wire;
    this.#isDelta = isDelta;
  }

  /** Who it says it is. */
  get node(): string {
    return this.#node;
  }

  /** Region of its locality; empty when it names none. */
  get region(): string {
    return this.#region;
  }

  /** Versions of routes that it has acknowledged, by name. */
  get routes(): ReadonlyMap<string, string> {
    return this.#routes;
  }

  /** Why it refuses what it was sent last; undefined when it does not. */
  get refused(): string | undefined {
    return [...this.#subscriptions.values()].find(({ refused }) => refused !== undefined)?.refused;
  }

  /** Takes in a request: the type to answer, unless it is none of ours; `said`: an answer was acknowledged or refused. */
  hear(request: Request): { readonly type: TypeUrl | undefined; readonly said: boolean } {
    // Only the first request of a stream has to say who sends it.
    if (request.node?.id !== undefined && request.node.id !== '') this.#node = request.node.id;
    this.#region = request.node?.locality?.region ?? this.#region;
    const { type_url: type } = request;
    if (!isType(type)) return { type: undefined, said: false };
    const known = this.#subscriptions.get(type);
    const refusal =
      request.error_detail === null || request.error_detail === undefined
        ? undefined
        : (request.error_detail.message ?? 'refused');
    let next = heard(known ?? NEW, request.response_nonce, request.version_info ?? '', refusal);
    if (next !== known && next.refused === undefined && known !== undefined && type === TYPES.route)
      this.#routes = this.#offered.get(type) ?? this.#routes;
    const said = next !== known;
    next = { ...next, names: this.#isDelta ? namesOfDelta(known, request) : namesOf(known, request) };
    if (known === undefined && this.#isDelta && request.initial_resource_versions !== undefined)
      next = { ...next, sent: new Map(Object.entries(request.initial_resource_versions)) };
    this.#subscriptions.set(type, next);
    return { type, said };
  }

  /** Sends what differs from what was sent last; a first question is always answered, but not before there is something to offer. */
  tell(type: TypeUrl, resources: Resources): void {
    const subscription = this.#subscriptions.get(type);
    if (subscription === undefined || resources.size === 0) return;
    const wanted = wantedOf(resources, type, subscription.names);
    const versions = versionsOf(wanted);
    if (subscription.nonce !== undefined && sameVersions(subscription.sent, versions)) return;
    const nonce = String(++this.#answers);
    const { changed, removed } = difference(subscription.sent, wanted);
    this.#subscriptions.set(type, { ...subscription, sent: versions, nonce });
    this.#offered.set(type, versions);
    const common = { type_url: type, nonce };
    this.#wire.write(
      this.#isDelta
        ? {
            ...common,
            system_version_info: versionOf(versions),
            resources: changed.map(({ name, version, body }) => ({ name, version, resource: body })),
            removed_resources: removed,
          }
        : {
            ...common,
            version_info: versionOf(versions),
            resources: [...wanted.values()].map(({ body }: Resource) => body),
          },
    );
  }
}

const versionOf = (versions: ReadonlyMap<string, string>): string =>
  createHash('sha256')
    .update(JSON.stringify([...versions]))
    .digest('hex')
    .slice(0, 16);
