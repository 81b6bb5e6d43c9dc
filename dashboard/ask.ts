import { byId } from './dom.js';

const PATIENCE_MS = 15_000;
/** Relative to wherever the page is mounted, behind a proxy or not. */
const base = location.pathname.replace(/\/$/, '');

/** The API has answered, and the answer is no. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Asks the API, with the token if one is given. */
export async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const token = byId<HTMLInputElement>('token').value;
  const headers = token === '' ? {} : { Authorization: `Bearer ${token}` };
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const response = await fetch(`${base}/${path}`, { ...init, headers, signal });
  const body = (await response.json()) as T & { error?: { message?: string } };
  // 503 of /health is an answer as well.
  if (body.error !== undefined) throw new Refused(response.status, body.error.message ?? '');
  return body;
}
