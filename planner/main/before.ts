/** What the work gives, or undefined when `ms` pass first. */
export async function before<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), Math.max(0, ms));
  work.catch(() => undefined); // when it fails after its time is up, nobody listens
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
