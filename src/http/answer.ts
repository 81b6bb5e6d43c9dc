/**
 * A refusal that its caller may read: status, a stable code, and a reason.
 *
 * @internal
 */
export class Refusal extends Error {
  constructor(
    readonly status: 400 | 403 | 404 | 405,
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

const ALWAYS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

/** @internal */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return jsonText(JSON.stringify(body), status, headers);
}

/**
 * The same of a text that is JSON already.
 *
 * @internal
 */
export function jsonText(
  text: string,
  status = 200,
  headers: Record<string, string> = {},
): Response {
  return new Response(text, {
    status,
    headers: { ...ALWAYS, 'Content-Type': 'application/json; charset=utf-8', ...headers },
  });
}

/**
 * What the caller is told of a failure: of one of ours only that there was one.
 *
 * @internal
 */
export function failure(error: unknown): Response {
  if (error instanceof Refusal) {
    const { status, code, message, headers } = error;
    return json({ error: { code, message } }, status, { ...headers });
  }
  return json({ error: { code: 'INTERNAL_ERROR', message: 'The request failed.' } }, 500);
}

/** @internal */
export function empty(headers: Record<string, string>): Response {
  return new Response(null, { status: 204, headers: { ...ALWAYS, ...headers } });
}

/**
 * A response of somebody else's (the page, the metrics) as all of ours are.
 *
 * @internal
 */
export function finished(request: Request, response: Response, extra: Headers): Response {
  const isHead = request.method === 'HEAD';
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ALWAYS)) {
    if (!headers.has(name)) headers.set(name, value);
  }
  extra.forEach((value, name) => {
    headers.append(name, value);
  });
  const { status, statusText } = response;
  return new Response(isHead ? null : response.body, { status, statusText, headers });
}
