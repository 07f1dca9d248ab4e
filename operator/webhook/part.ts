import type { Registry } from 'prom-client';
import type { EdgeRegion } from '#crds/edgeregion.ts';
import type { Log } from '#kube/log.ts';
import type { Part } from '#kube/main.ts';
import { lifeOf } from '#kube/pki/certificates.ts';
import type { Pair } from '#kube/pki/certificates.ts';
import type { Transport } from '#kube/transport.ts';
import { LIVES } from './authorities.ts';
import type { Lives } from './authorities.ts';
import { FolderCertificates } from './folder-certificates.ts';
import { judge } from './judge.ts';
import { ManagedCertificates } from './managed-certificates.ts';
import { webhookMetrics } from './metrics.ts';
import { WebhookServer } from './server.ts';

/** Where the webhook listens, and what it shows. */
export interface WebhookSettings {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host?: string | undefined;
  /** Folder of `tls.crt` and `tls.key`; left out, certificates are made and registered here. */
  readonly tls?: string | undefined;
  /** How long what is made here lasts. */
  readonly lives?: Lives | undefined;
}

/** What the webhook runs on. */
export interface WebhookShell {
  readonly transport: Transport;
  readonly namespace: string;
  readonly registry: Registry;
  readonly log: Log;
  /** The regions of the cluster; undefined while they are not known. */
  readonly regions: () => readonly EdgeRegion[] | undefined;
  readonly onRestart: (kind: string, reason: string) => void;
  readonly onListening?: (port: number) => void;
}

/** The admission webhook: its server and its certificates. Needs no Lease: every replica answers. */
export class WebhookPart {
  readonly #parts: readonly Part[];
  /** Why requests should not come here yet, or undefined. */
  readonly doubt: () => string | undefined;

  constructor({ port, host, tls, lives = LIVES }: WebhookSettings, shell: WebhookShell) {
    const { registry, regions, log, onListening } = shell;
    const metrics = webhookMetrics(registry);
    const server = new WebhookServer({
      judge: (question) => judge(question, regions()),
      answered: (verdict) => metrics.answered(verdict),
    });
    const serve = (pair: Pair): void => {
      server.serve(pair);
      metrics.certified(lifeOf(pair.certificate).untilMs);
    };
    const certificates =
      tls === undefined
        ? new ManagedCertificates({ ...shell, lives, serve, nowMs: () => Date.now() })
        : new FolderCertificates({ folder: tls, log, serve });
    const listen: Part = async (signal) => {
      const at = await server.listen(port, host);
      log.info({ port: at }, 'the webhook listens');
      onListening?.(at);
      if (!signal.aborted)
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await server.close();
    };
    this.#parts = [listen, ...certificates.parts()];
    this.doubt = () => certificates.doubt();
  }

  /** What is to be run. */
  parts(): readonly Part[] {
    return this.#parts;
  }
}
