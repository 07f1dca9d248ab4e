import { Agent, request } from 'undici';

/** An answer of the API server: its status code and its parsed body. */
export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}

/** What a client proves itself with, PEM. */
export interface Credentials {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const TIMEOUT_MS = 30_000;

/** The few calls that setting up and testing a cluster needs; not a Kubernetes client. */
export class Api {
  readonly #server: string;
  readonly #agent: Agent;

  constructor(server: string, credentials: Credentials, connections = 16) {
    this.#server = server;
    const { ca, certificate: cert, key } = credentials;
    this.#agent = new Agent({ connections, connect: { ca, cert, key } });
  }

  /** Sends one request and returns whatever was answered; throws only when nothing was. */
  async send<Body = unknown>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    contentType = 'application/json',
  ): Promise<Answer<Body>> {
    const answer = await request(`${this.#server}${path}`, {
      dispatcher: this.#agent,
      method,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': contentType } }),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, body: parse(text) as Body };
  }

  /** The body of a successful answer; anything else is an error that names the request and the reason. */
  async get<Body>(path: string): Promise<Body> {
    return this.#expect(await this.send<Body>('GET', path), `GET ${path}`);
  }

  /** Creates an object; one that is already there is fine. */
  async create(path: string, object: unknown): Promise<void> {
    const answer = await this.send('POST', path, object);
    if (answer.status !== 409) this.#expect(answer, `POST ${path}`);
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #expect<Body>(answer: Answer<Body>, what: string): Body {
    if (answer.status < 300) return answer.body;
    const { message } = answer.body as { message?: string };
    throw new Error(
      `${what} was answered ${answer.status}: ${message ?? JSON.stringify(answer.body).slice(0, 300)}`,
    );
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
