import { byId } from './dom.js';

const TIMEOUT_MS = 15_000;
/** Relative to wherever the page is mounted, behind a proxy or not; never another host's (`//`). */
const base = location.origin + location.pathname.replace(/\/$/, '');

/** The API, or a proxy in front of it, refused the request. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Calls the API, with the token if there is one.
 *
 * @throws Error with a message for the reader, also if there is no response.
 */
export async function request<T>(
  path: string,
  init: RequestInit = {},
  timeoutMs = TIMEOUT_MS,
): Promise<T> {
  const token = byId<HTMLInputElement>('token').value;
  if (/[^\x20-\x7e\xa0-\xff]/.test(token)) {
    throw new Refused(0, 'The token has characters that cannot be sent.');
  }
  const headers = token === '' ? {} : { Authorization: `Bearer ${token}` };
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(`${base}/${path}`, { ...init, headers, signal });
    return bodyOf(response.status, await response.text()) as T;
  } catch (error) {
    if (error instanceof Refused) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const isLate = error instanceof DOMException && error.name === 'TimeoutError';
    throw new Error(
      isLate ? `No response within ${String(timeoutMs / 1000)} s.` : `No response: ${why}.`,
    );
  }
}

/** Parses a response, which may come from a proxy in front of the API. */
function bodyOf(status: number, text: string): object {
  const body = parsed(text);
  // A 503 of /health is a valid response.
  if (body !== undefined && (status === 200 || (status === 503 && 'status' in body))) return body;
  const reason = (body as { error?: { message?: unknown } } | undefined)?.error?.message;
  if (typeof reason === 'string') throw new Refused(status, reason);
  const what = body === undefined ? 'is not JSON' : 'is not from this API';
  throw new Refused(status, `The response (status ${String(status)}) ${what}.`);
}

function parsed(text: string): object | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}
