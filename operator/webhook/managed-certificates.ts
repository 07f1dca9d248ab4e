import { Controller } from '#kube/controller.ts';
import type { Kind } from '#kube/kinds.ts';
import type { Log } from '#kube/log.ts';
import type { Part } from '#kube/main.ts';
import type { KubeObject } from '#kube/object.ts';
import { createAuthority, issue, lifeOf } from '#kube/pki/certificates.ts';
import type { Authority, Pair } from '#kube/pki/certificates.ts';
import type { Transport } from '#kube/transport.ts';
import { watchKind } from '#kube/watch.ts';
import { authoritiesIn, bundleOf, renewalMs, renewed, renewedAgainMs } from './authorities.ts';
import type { Authorities, Lives } from './authorities.ts';
import { readSecret, writeSecret } from './authority-secret.ts';
import type { Certificates } from './certificates.ts';
import { AUTHORITY_SECRET, REGISTRATIONS, SECRET, WEBHOOK_NAME } from './objects.ts';
import { areTold, registrations, tell } from './registrations.ts';

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

/** The only key there is: everything is looked at together. */
const KEY = 'certificates';
const RESYNC_MS = 600_000;
const SOONEST_MS = 50;

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
    const { transport, lives, nowMs } = this.#options;
    // Read before the authorities: they are at least as new, and so is what is told.
    const registered = await registrations(transport);
    const authorities = await this.#authorities((certificate) => areTold(registered, certificate));
    // Trust first: what is shown must be trusted already.
    for (const one of registered) await tell(transport, one, bundleOf(authorities));
    const pair = this.#signed(authorities.current);
    const dueMs = Math.min(renewedAgainMs(authorities, lives), renewalMs(pair.certificate, lives.servingMs));
    const waitMs = Math.min(Math.max(dueMs - nowMs(), SOONEST_MS), RESYNC_MS);
    this.#controller.queue.addAfter(KEY, waitMs);
  }

  /** The stored authorities, made or renewed where that is due. */
  async #authorities(isTrusted: (certificate: string) => boolean): Promise<Authorities> {
    const { transport, namespace, lives, nowMs, log } = this.#options;
    const secret = await readSecret(transport, namespace);
    const held = authoritiesIn(secret.data);
    const create = (): Authority => createAuthority(AUTHORITY_SECRET, new Date(nowMs()), lives.authorityMs);
    const wanted = renewed(held, nowMs(), lives, isTrusted, create);
    if (wanted === held) return held;
    await writeSecret(transport, secret, wanted);
    log.info({ next: wanted.next !== undefined }, 'the authority of the webhook is renewed');
    return wanted;
  }

  /** The serving pair; a new one, of the given authority, when there is none or it is due. */
  #signed(authority: Authority): Pair {
    const { namespace, lives, nowMs, serve, log } = this.#options;
    const held = this.#pair;
    const isFresh = held !== undefined && renewalMs(held.certificate, lives.servingMs) > nowMs();
    if (isFresh && held.authority === authority.certificate) return held;
    const service = `${WEBHOOK_NAME}.${namespace}.svc`;
    const hosts = [service, `${service}.cluster.local`, 'localhost', '127.0.0.1'];
    const pair = issue(authority, { commonName: service, hosts }, new Date(nowMs()), lives.servingMs);
    serve(pair);
    this.#pair = { ...pair, authority: authority.certificate };
    log.info({}, 'the webhook has a new certificate');
    return pair;
  }
}
