import { ApiError } from './api-error.ts';
import type { KubeObject } from './object.ts';

/** One frame of a watch; the object of an ERROR frame is a Status, see `statusOf`. */
export interface WatchFrame<T extends KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

const LINE_CAP = 64 * 1024 * 1024;

/** What the Status inside an ERROR frame says. */
export function statusOf(frame: WatchFrame<KubeObject>): { code: number; reason: string; message: string } {
  const { code, reason, message } = frame.object as { code?: number; reason?: string; message?: string };
  return { code: code ?? 500, reason: reason ?? 'Unknown', message: message ?? 'no message' };
}

function parse<T extends KubeObject>(line: string, path: string): WatchFrame<T> {
  try {
    const frame = JSON.parse(line) as Partial<WatchFrame<T>> | null;
    if (typeof frame?.type === 'string' && typeof frame.object === 'object') return frame as WatchFrame<T>;
    throw new Error('neither type nor object');
  } catch (cause) {
    const message = `a line of ${line.length} characters is not a watch frame`;
    throw new ApiError({ verb: 'WATCH', path, code: 0, reason: 'BadFrame', message, cause });
  }
}

/**
 * Splits chunks into frames. A line that is no frame throws ApiError BadFrame, because an
 * event may be lost: watching again from the last version brings it back.
 */
export async function* watchFrames<T extends KubeObject>(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<WatchFrame<T>> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LINE_CAP) {
      throw new ApiError({
        verb: 'WATCH',
        path,
        code: 0,
        reason: 'BadFrame',
        message: `a line over ${LINE_CAP}`,
      });
    }
    for (const line of lines) if (line.trim() !== '') yield parse<T>(line, path);
  }
}
