/** A read for a tenant that has put nothing and was not admitted. Names no other tenant. */
export class UnknownTenant extends Error {
  override readonly name = 'UnknownTenant';
  constructor(tenant: string) {
    super(`the memory knows no tenant "${tenant}"; put a trace of it or admit it first`);
  }
}

/** A vector of another encoder than the memory's. */
export class OtherEncoder extends Error {
  override readonly name = 'OtherEncoder';
  constructor(what: string, version: string, memory: string) {
    super(
      `${what} was embedded by "${version}", the memory by "${memory}"; vectors of two encoders cannot be compared: ` +
        'embed it again; a trace with its context is embedded by who has the encoder (edgeloom memory, edgeloom planner)',
    );
  }
}

/** The file cannot be read as a memory: truncated, overwritten, of something else, or of a later version. */
export class DamagedMemory extends Error {
  override readonly name = 'DamagedMemory';
  constructor(path: string, message: string, fix: string, options?: ErrorOptions) {
    super(`${path}: ${message}; ${fix}`, options);
  }
}

/** The memory cannot be reached or written now: plan without it. */
export class MemoryUnavailable extends Error {
  override readonly name = 'MemoryUnavailable';
}
