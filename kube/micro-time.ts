/** The wall clock's time as `V1MicroTime`: six digits, which Lease and Event insist on. */
export function microTime(ms: number = Date.now()): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
