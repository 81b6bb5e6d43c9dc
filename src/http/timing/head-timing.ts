import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

import { responseTime, serverTiming, type CacheCounts } from './headers.js';

/** All overloads of `writeHead` in one signature: Node tells them apart by argument type. */
export type WriteHead = (
  this: ServerResponse,
  status: number,
  reason?: string | OutgoingHttpHeaders | OutgoingHttpHeader[],
  headers?: OutgoingHttpHeaders | OutgoingHttpHeader[],
) => ServerResponse;

type Head = Parameters<WriteHead>;

const TIME = 'X-Response-Time';
const TIMING = 'Server-Timing';
const STREAMS = /^\s*(?:text\/event-stream|multipart\/x-mixed-replace)\b/i;

/**
 * Whether a response of this content type stays open, so that its duration is meaningless.
 *
 * @internal
 */
export function isStream(contentType: string): boolean {
  return STREAMS.test(contentType);
}

/**
 * The content type that a call of `writeHead` sends.
 *
 * @internal
 */
export function contentTypeOf(response: ServerResponse, [, reason, headers]: Head): string {
  const given = headers ?? reason;
  const own = typeof given === 'object' ? valueOf(given, 'content-type') : undefined;
  const type = own ?? response.getHeader('content-type');
  return typeof type === 'string' ? type : '';
}

/**
 * Calls `writeHead` with the two timing headers in addition to the caller's own.
 *
 * @internal
 */
export function writeTimedHead(
  response: ServerResponse,
  writeHead: WriteHead,
  [status, reason, headers]: Head,
  ms: number,
  counts: CacheCounts | undefined,
): ServerResponse {
  // `getHeader` is case-insensitive; lower case avoids a `toLowerCase`.
  const [time, timing] = [
    response.getHeader('x-response-time'),
    response.getHeader('server-timing'),
  ];
  const given = headers ?? (typeof reason === 'object' ? reason : undefined);
  const text = typeof reason === 'string' ? reason : undefined;
  const own = serverTiming(ms, counts);
  const callers = given === undefined ? undefined : valueOf(given, 'server-timing');
  // Headers passed to `writeHead` replace those that were set before.
  const before = callers ?? timing;
  const total = before === undefined ? own : `${joined(before)}, ${own}`;
  try {
    if (Array.isArray(given)) {
      return write(response, writeHead, status, text, [
        ...given,
        ...toCallersForm(given, [
          TIME,
          responseTime(ms),
          TIMING,
          callers === undefined ? total : own,
        ]),
      ] as OutgoingHttpHeader[]);
    }
    response.setHeader(TIME, responseTime(ms));
    response.setHeader(TIMING, total);
    return write(response, writeHead, status, text, callers === undefined ? given : without(given));
  } catch (error) {
    // The caller may retry with another status.
    restore(response, TIME, time);
    restore(response, TIMING, timing);
    throw error;
  }
}

function write(
  response: ServerResponse,
  writeHead: WriteHead,
  status: number,
  reason: string | undefined,
  headers: Head[2],
): ServerResponse {
  return reason === undefined
    ? writeHead.call(response, status, headers)
    : writeHead.call(response, status, reason, headers);
}

/** The timing headers in the form of the caller's list: flat, or as pairs. */
function toCallersForm(given: readonly unknown[], own: readonly string[]): unknown[] {
  return Array.isArray(given[0]) ? [own.slice(0, 2), own.slice(2)] : [...own];
}

function without(headers: OutgoingHttpHeaders | undefined): OutgoingHttpHeaders {
  const entries = Object.entries(headers ?? {});
  return Object.fromEntries(entries.filter(([name]) => name.toLowerCase() !== 'server-timing'));
}

function joined(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** The value of a header by its lower-case name. */
function valueOf(headers: OutgoingHttpHeaders | OutgoingHttpHeader[], name: string): unknown {
  if (!Array.isArray(headers)) {
    for (const key in headers) if (isNamed(key, name)) return headers[key];
    return undefined;
  }
  const inPairs = Array.isArray(headers[0]);
  const flat: unknown[] = inPairs ? (headers as unknown[]).flat() : headers;
  for (let i = 0; i + 1 < flat.length; i += 2) if (isNamed(flat[i], name)) return flat[i + 1];
  return undefined;
}

function isNamed(key: unknown, name: string): boolean {
  return typeof key === 'string' && key.length === name.length && key.toLowerCase() === name;
}

function restore(
  response: ServerResponse,
  name: string,
  value: ReturnType<ServerResponse['getHeader']>,
): void {
  if (response.headersSent) return;
  if (value === undefined) response.removeHeader(name);
  else response.setHeader(name, value);
}
