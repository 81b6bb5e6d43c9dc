import { PAGE_HTML, PAGE_POLICY } from './page-document.js';

/**
 * An error that is sent to the client: status, a stable code, and a message.
 *
 * @internal
 */
export class HttpError extends Error {
  constructor(
    readonly status: 400 | 403 | 404 | 405,
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

const COMMON_HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

/** @internal */
export function json(body: unknown, status = 200): Response {
  return jsonText(JSON.stringify(body), status);
}

/**
 * A JSON response whose body is already serialized.
 *
 * @internal
 */
export function jsonText(
  text: string,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(text, {
    status,
    headers: { ...COMMON_HEADERS, 'Content-Type': 'application/json; charset=utf-8', ...headers },
  });
}

/**
 * The response to a failed request. The details of an unexpected error stay on the server.
 *
 * @internal
 */
export function errorResponse(error: unknown): Response {
  if (error instanceof HttpError) {
    const { status, code, message, headers } = error;
    return jsonText(JSON.stringify({ error: { code, message } }), status, headers);
  }
  return json({ error: { code: 'INTERNAL_ERROR', message: 'The request failed.' } }, 500);
}

/** @internal */
export function empty(headers: Readonly<Record<string, string>>): Response {
  return new Response(null, { status: 204, headers: { ...COMMON_HEADERS, ...headers } });
}

/**
 * Adds the common headers and `extra` to a response, which may come from the user's handler, and removes the
 * body for `HEAD`.
 *
 * @internal
 */
export function finished(request: Request, response: Response, extra: Headers): Response {
  const isHead = request.method === 'HEAD';
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(COMMON_HEADERS)) {
    if (!headers.has(name)) headers.set(name, value);
  }
  extra.forEach((value, name) => {
    headers.append(name, value);
  });
  const { status, statusText } = response;
  return new Response(isHead ? null : response.body, { status, statusText, headers });
}

/**
 * The dashboard page. It contains no statistics: its script reads the JSON routes with the reader's
 * token.
 *
 * @internal
 */
export function page(): Response {
  return new Response(PAGE_HTML, {
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': PAGE_POLICY,
      'Referrer-Policy': 'no-referrer',
    },
  });
}
