import driverOf, { auth, int } from 'neo4j-driver';
import type { Driver, Integer } from 'neo4j-driver';
import { MemoryUnavailable } from '#memory/store/errors.ts';

/** Values of a query. */
export type Parameters = Readonly<Record<string, unknown>>;
/** One row of an answer. */
export type Row = Readonly<Record<string, unknown>>;

/** No server, or a slow one, must not hold a plan up for longer. */
const CONNECT_MS = 3000;
const RETRY_MS = 2000;

/** A connection to a server that speaks Bolt. Every failure of the server is `MemoryUnavailable`. */
export class Connection {
  readonly #driver: Driver;
  readonly #where: string;

  /** `bolt://[user:password@]host:port`; accounts are optional. */
  constructor(url: string) {
    const { protocol, host, username, password } = new URL(url);
    this.#where = `${protocol}//${host}`;
    const account =
      username === ''
        ? auth.basic('', '')
        : auth.basic(decodeURIComponent(username), decodeURIComponent(password));
    this.#driver = driverOf.driver(this.#where, account, {
      disableLosslessIntegers: true,
      connectionTimeout: CONNECT_MS,
      connectionAcquisitionTimeout: CONNECT_MS,
      maxTransactionRetryTime: RETRY_MS,
      telemetryDisabled: true,
    });
  }

  /** Server and account, without the password. */
  get where(): string {
    return this.#where;
  }

  /** What the server calls itself. */
  async agent(): Promise<string> {
    const { agent } = await this.#guarded(() => this.#driver.getServerInfo());
    return agent ?? '';
  }

  /** One statement that is a transaction of its own: schema needs that. */
  async statement(cypher: string): Promise<Row[]> {
    return this.#guarded(async () => {
      const session = this.#driver.session();
      try {
        const { records } = await session.run(cypher);
        return records.map((r) => r.toObject());
      } finally {
        await session.close();
      }
    });
  }

  read(cypher: string, parameters: Parameters = {}): Promise<Row[]> {
    return this.#guarded(async () => {
      const session = this.#driver.session({ defaultAccessMode: 'READ' });
      try {
        return await session.executeRead(async (tx) =>
          (await tx.run(cypher, parameters)).records.map((r) => r.toObject()),
        );
      } finally {
        await session.close();
      }
    });
  }

  /** Several statements that hold together or not at all; the rows of the last one. */
  write(statements: readonly (readonly [cypher: string, parameters: Parameters])[]): Promise<Row[]> {
    return this.#guarded(async () => {
      const session = this.#driver.session();
      try {
        return await session.executeWrite(async (tx) => {
          let rows: Row[] = [];
          for (const [cypher, parameters] of statements) {
            rows = (await tx.run(cypher, parameters)).records.map((r) => r.toObject());
          }
          return rows;
        });
      } finally {
        await session.close();
      }
    });
  }

  close(): Promise<void> {
    return this.#driver.close();
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw new MemoryUnavailable(
        `${this.#where}: ${(cause as Error).message.split('\n')[0]}; planning goes on without this memory`,
        { cause },
      );
    }
  }
}

/** A whole number as Cypher's integer: plain numbers go over as floats. */
export const whole = (value: number): Integer => int(value);
