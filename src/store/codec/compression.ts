import { deflateSync, inflateSync } from 'node:zlib';

import { COMPRESSED } from './codec.js';

/** The fastest level: on JSON, higher ones and brotli take 2 to 4 times as long to save a tenth of the size. */
const LEVEL = 1;
/** Larger than zlib's default of 16 kB: a third faster for a megabyte, and no slower for less. */
const CHUNK_BYTES = 65_536;

/**
 * The payload to store: with its codec's tag, or compressed together with that tag.
 *
 * @param fromBytes - Minimum size, in UTF-8 bytes, for compression to be tried; `undefined` for never. A
 * payload stays as it is unless that makes it smaller, base64 included: adapters only guarantee text.
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
 * The payload with its codec's tag, compressed or not, whether or not this process compresses.
 *
 * @param maxBytes - Maximum size of the result, in UTF-8 bytes: a few bytes may inflate to gigabytes.
 * @throws zlib's error if the payload is damaged or the result would be larger.
 * @internal
 */
export function decompressed(payload: string, maxBytes: number): string {
  if (!payload.startsWith(COMPRESSED)) return payload;
  return inflateSync(Buffer.from(payload.slice(COMPRESSED.length), 'base64'), {
    maxOutputLength: maxBytes,
    chunkSize: CHUNK_BYTES,
  }).toString();
}
