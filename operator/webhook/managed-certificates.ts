import { isNotFound } from '#kube/api-error.ts';
import { Controller } from '#kube/controller.ts';
import type { Kind } from '#kube/kinds.ts';
import type { Log } from '#kube/log.ts';
import type { Part } from '#kube/main.ts';
import type { KubeObject } from '#kube/object.ts';
import { createAuthority, issue, lifeOf } from '#kube/pki/certificates.ts';
import type { Authority, Pair } from '#kube/pki/certificates.ts';
import type { JsonPatchOperation } from '#kube/transport-options.ts';
import type { Transport } from '#kube/transport.ts';
import { watchKind } from '#kube/watch.ts';
import { FIELD_MANAGER } from '../kinds.ts';
import { authoritiesIn, bundleOf, dataOf, renewalMs, renewed, renewedAgainMs } from './authorities.ts';
import type { Authorities, Lives } from './authorities.ts';
import type { Certificates } from './certificates.ts';
import { AUTHORITY_SECRET, REGISTRATIONS, SECRET, WEBHOOK_NAME } from './objects.ts';
import type { Registration, Secret } from './objects.ts';

/** What certificates are made from. */
export interface ManagedOptions {
  readonly transport: Transport;
  readonly namespace: string;
  readonly lives: Lives;
  readonly log: Log;
  readonly nowMs: () => number;
  /** Shows a new pair to whoever connects from now on. */
  readonly serve: (pair: Pair) => void;
  readonly onRestart: (kind: string, reason: string) => void;
}

interface Registered {
  readonly kind: Kind;
  readonly object: Registration;
}

/** The only key there is: everything is looked at together. */
const KEY = 'certificates';
const RESYNC_MS = 600_000;
const SOONEST_MS = 50;

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/**
 * Certificates without cert-manager. Replicas share one authority in a Secret, which any of them makes or renews (a write that lost
 * the race is refused by its resourceVersion, and what won is read); each signs a serving pair of its own and keeps it in memory
 * only. So there is nothing half done that a crash could leave behind.
 */
export class ManagedCertificates implements Certificates {
  readonly #options: ManagedOptions;
  readonly #controller: Controller;
  readonly #watches: Part[] = [];
  #pair: (Pair & { readonly authority: string }) | undefined;
  #problem = 'it has not been made yet';

  constructor(options: ManagedOptions) {
    this.#options = options;
    this.#controller = new Controller({
      name: 'webhook-certificates',
      reconcile: () => this.#tended(),
      keys: () => [KEY],
      workers: 1,
      resyncMs: RESYNC_MS,
      log: options.log,
    });
    this.#wakeOn(SECRET, AUTHORITY_SECRET, options.namespace);
    for (const kind of REGISTRATIONS) this.#wakeOn(kind, WEBHOOK_NAME);
  }

  parts(): readonly Part[] {
    return [
      ...this.#watches,
      (signal) => {
        this.#controller.queue.add(KEY);
        return this.#controller.run(signal);
      },
    ];
  }

  doubt(): string | undefined {
    const { nowMs } = this.#options;
    if (this.#pair === undefined) return `the webhook has no certificate: ${this.#problem}`;
    return lifeOf(this.#pair.certificate).untilMs <= nowMs()
      ? `the webhook's certificate has expired: ${this.#problem}`
      : undefined;
  }

  #wakeOn(kind: Kind, name: string, namespace?: string): void {
    const { transport, onRestart } = this.#options;
    const watched = watchKind<KubeObject>(transport, kind, {
      ...(namespace === undefined ? {} : { namespace }),
      // A role may be bound to the name only with this selector.
      fieldSelector: `metadata.name=${name}`,
      onRestart: (reason) => onRestart(kind.kind, reason),
    });
    watched.store.subscribe(() => this.#controller.queue.add(KEY));
    this.#watches.push((signal) => watched.run(signal));
  }

  async #tended(): Promise<void> {
    try {
      await this.#tend();
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  async #tend(): Promise<void> {
    const { lives, nowMs } = this.#options;
    const registrations = await Promise.all(REGISTRATIONS.map((kind) => this.#registration(kind)));
    const there = registrations.filter((registration) => registration !== undefined);
    const authorities = await this.#authorities(there);
    // Trust first: what is shown must be trusted already.
    for (const registration of there) await this.#trust(registration, bundleOf(authorities));
    this.#sign(authorities.current);
    const dueMs = Math.min(
      renewedAgainMs(authorities, lives),
      renewalMs(this.#pair?.certificate ?? authorities.current.certificate, lives.servingMs),
    );
    const waitMs = Math.min(Math.max(dueMs - nowMs(), SOONEST_MS), RESYNC_MS);
    this.#controller.queue.addAfter(KEY, waitMs);
  }

  /** The stored authorities, made or renewed where that is due. */
  async #authorities(registrations: readonly Registered[]): Promise<Authorities> {
    const { transport, lives, nowMs, log } = this.#options;
    const secret = await this.#secret();
    const held = authoritiesIn(secret.data);
    const isTrusted = (certificate: string): boolean =>
      registrations
        .flatMap(({ object }) => object.webhooks ?? [])
        .every(({ clientConfig }) =>
          Buffer.from(clientConfig.caBundle ?? '', 'base64').includes(certificate.trim()),
        );
    const create = (): Authority => createAuthority(AUTHORITY_SECRET, new Date(nowMs()), lives.authorityMs);
    const wanted = renewed(held, nowMs(), lives, isTrusted, create);
    if (wanted === held) return held;
    // With the resourceVersion that was read: of two replicas one writes, the other reads again.
    await transport.update<Secret>(
      SECRET,
      { ...secret, data: dataOf(wanted) },
      { fieldManager: FIELD_MANAGER },
    );
    log.info({ next: wanted.next !== undefined }, 'the authority of the webhook is renewed');
    return wanted;
  }

  async #secret(): Promise<Secret> {
    const { transport, namespace } = this.#options;
    try {
      return await transport.get<Secret>(SECRET, AUTHORITY_SECRET, namespace);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    // Applied empty, then filled: a create by apply carries the name, so that a role can be bound to it, and is safe to repeat.
    const labels = { 'app.kubernetes.io/name': 'edgeloom', 'app.kubernetes.io/component': 'operator' };
    const metadata = { name: AUTHORITY_SECRET, namespace, labels };
    return transport.apply<Secret>(SECRET, { metadata, type: 'Opaque' }, { fieldManager: FIELD_MANAGER });
  }

  async #registration(kind: Kind): Promise<Registered | undefined> {
    try {
      return { kind, object: await this.#options.transport.get<Registration>(kind, WEBHOOK_NAME) };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Tells the API server whom to trust; nothing is written when it knows, or when the registration has changed since it was read. */
  async #trust({ kind, object }: Registered, bundle: string): Promise<void> {
    const caBundle = base64(bundle);
    const told = (object.webhooks ?? []).flatMap(({ clientConfig }, i): JsonPatchOperation[] =>
      clientConfig.caBundle === caBundle
        ? []
        : [{ op: 'add', path: `/webhooks/${i}/clientConfig/caBundle`, value: caBundle }],
    );
    if (told.length === 0) return;
    const { resourceVersion } = object.metadata;
    const unchanged: JsonPatchOperation = {
      op: 'test',
      path: '/metadata/resourceVersion',
      value: resourceVersion,
    };
    const { transport } = this.#options;
    await transport.patchJson(kind, WEBHOOK_NAME, undefined, [unchanged, ...told], {
      fieldManager: FIELD_MANAGER,
    });
  }

  /** A serving pair of the authority, when there is none or it is due. */
  #sign(authority: Authority): void {
    const { namespace, lives, nowMs, serve, log } = this.#options;
    const held = this.#pair;
    const isGood =
      held?.authority === authority.certificate && renewalMs(held.certificate, lives.servingMs) > nowMs();
    if (isGood) return;
    const service = `${WEBHOOK_NAME}.${namespace}.svc`;
    const subject = {
      commonName: service,
      hosts: [service, `${service}.cluster.local`, 'localhost', '127.0.0.1'],
    };
    const pair = issue(authority, subject, new Date(nowMs()), lives.servingMs);
    serve(pair);
    this.#pair = { ...pair, authority: authority.certificate };
    log.info({}, 'the webhook has a new certificate');
  }
}
