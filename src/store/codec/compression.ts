import { deflateSync, inflateSync } from 'node:zlib';

import { COMPRESSED } from './codec.js';

/**
 * The fastest: on JSON, higher levels and brotli cost two to four times the time for a tenth of the
 * size.
 */
const LEVEL = 1;
/** Larger chunks than zlib's default of 16 kB: a third faster for a megabyte, not slower for less. */
const CHUNK_BYTES = 65_536;

/**
 * The payload to store: with its codec's tag, or compressed together with that tag.
 *
 * @param fromBytes - UTF-8 bytes from which compression is tried; `undefined` for never. A payload that
 * does not become smaller, base64 included, stays as it is. Base64, since adapters only promise text.
 * @internal
 */
export function compressed(payload: string, fromBytes: number | undefined): string {
  if (fromBytes === undefined) return payload;
  const bytes = Buffer.byteLength(payload);
  if (bytes < fromBytes) return payload;
  const text = COMPRESSED + deflateSync(payload, { level: LEVEL }).toString('base64');
  return text.length < bytes ? text : payload;
}

/**
 * The payload with its codec's tag, whichever way it travelled, and whether or not this process
 * compresses.
 *
 * @param maxBytes - UTF-8 bytes of the payload with its tag: a few bytes may inflate to gigabytes.
 * @throws Error of zlib if the payload is damaged or larger.
 * @internal
 */
export function decompressed(payload: string, maxBytes: number): string {
  if (!payload.startsWith(COMPRESSED)) return payload;
  return inflateSync(Buffer.from(payload.slice(COMPRESSED.length), 'base64'), {
    maxOutputLength: maxBytes,
    chunkSize: CHUNK_BYTES,
  }).toString();
}
