/** Test support: an answer of the fake API server that is a refusal; becomes a `Status`. */
export class FakeRefusal extends Error {
  override readonly name = 'FakeRefusal';
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }

  /** The body the real server would send. */
  get status(): object {
    const { code, reason, message } = this;
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
  }
}
