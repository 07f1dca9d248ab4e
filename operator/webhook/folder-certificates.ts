import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '#kube/clock.ts';
import type { Clock } from '#kube/clock.ts';
import type { Log } from '#kube/log.ts';
import type { Part } from '#kube/main.ts';
import type { Pair } from '#kube/pki/certificates.ts';
import type { Certificates } from './certificates.ts';

/** Where files are, and who shows them. */
export interface FolderOptions {
  readonly folder: string;
  readonly log: Log;
  readonly serve: (pair: Pair) => void;
  readonly clock?: Clock;
}

/** How often the files are looked at: a kubelet changes mounted Secrets without a sign. */
const LOOK_MS = 30_000;

/** `tls.crt` and `tls.key` of a folder, such as a mounted Secret of cert-manager; read again when they change. */
export class FolderCertificates implements Certificates {
  readonly #options: FolderOptions;
  #served: string | undefined;
  #problem = 'its files have not been read yet';

  constructor(options: FolderOptions) {
    this.#options = options;
  }

  parts(): readonly Part[] {
    const { clock = systemClock } = this.#options;
    return [
      async (signal) => {
        while (!signal.aborted) {
          await this.#look();
          await clock.sleep(LOOK_MS, signal).catch(() => undefined);
        }
      },
    ];
  }

  doubt(): string | undefined {
    return this.#served === undefined ? `the webhook has no certificate: ${this.#problem}` : undefined;
  }

  /** Files that cannot be used leave what is shown: they may be half written. */
  async #look(): Promise<void> {
    const { folder, serve, log } = this.#options;
    try {
      const [certificate = '', key = ''] = await Promise.all(
        ['tls.crt', 'tls.key'].map((name) => readFile(join(folder, name), 'utf8')),
      );
      const seen = `${certificate}\0${key}`;
      if (seen === this.#served) return;
      if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)))
        throw new Error(
          `${join(folder, 'tls.key')} does not belong to tls.crt: put the key of the certificate there`,
        );
      serve({ certificate, key });
      this.#served = seen;
      log.info({ folder }, 'the webhook has a new certificate');
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      log.warn({ folder, err: error }, 'the certificate of the webhook cannot be read');
    }
  }
}
