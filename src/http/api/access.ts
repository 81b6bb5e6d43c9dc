import type { Authorize } from './bearer-token.js';
import type { ResolvedApiOptions } from './options.js';
import { HttpError } from './responses.js';

type AccessOptions = Pick<ResolvedApiOptions, 'allowedHosts' | 'allowedOrigins'>;

/**
 * Refuses requests from pages of other hosts: a browser adds its user's cookies to them, and can reach
 * networks that other clients cannot.
 *
 * @returns The origin of another host, if it is allowed, for the response headers.
 * @throws HttpError for an origin that is not allowed.
 * @internal
 */
export function checkOrigin(
  request: Request,
  { allowedOrigins }: AccessOptions,
): string | undefined {
  const origin = request.headers.get('origin');
  if (origin === null) return undefined;
  if (allowedOrigins.has(origin)) return origin;
  // Only the host is compared: behind a proxy that terminates TLS, the schemes differ.
  if (URL.canParse(origin) && new URL(origin).host === new URL(request.url).host) return undefined;
  throw new HttpError(
    403,
    'FOREIGN_ORIGIN',
    'Requests from pages of another host are refused. To allow this origin, add it to the option ' +
      'allowedOrigins of createPerformanceApi.',
  );
}

/**
 * Refuses changes requested by a page of another site, with or without an `Origin`.
 *
 * @param origin - The result of {@link checkOrigin}.
 * @throws HttpError
 * @internal
 */
export function checkSite({ headers }: Request, origin: string | undefined): void {
  if (origin !== undefined || headers.get('sec-fetch-site') !== 'cross-site') return;
  throw new HttpError(
    403,
    'CROSS_SITE',
    'Changes requested by a page of another site are refused.',
  );
}

/**
 * Whether the request's host is one of the API's. In a DNS rebinding attack, the page of the
 * attacker has the same origin as the API, and only the host gives it away.
 *
 * @internal
 */
export function isHostAllowed({ url }: Request, { allowedHosts }: AccessOptions): boolean {
  if (allowedHosts === undefined) return true;
  const { hostname, port, protocol } = new URL(url);
  const actualPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  return allowedHosts.has(hostname) || allowedHosts.has(`${hostname}:${actualPort}`);
}

/**
 * @throws HttpError for a host that is not allowed.
 * @internal
 */
export function checkHost(request: Request, options: AccessOptions): void {
  if (isHostAllowed(request, options)) return;
  throw new HttpError(
    403,
    'FOREIGN_HOST',
    'The host of the request is not in the option allowedHosts of createPerformanceApi.',
  );
}

/**
 * Calls `authorize`, and refuses the request unless it returns `true`.
 *
 * @throws HttpError
 * @internal
 */
export async function checkAuthorized(
  request: Request,
  authorize: Authorize | undefined,
): Promise<void> {
  if (authorize === undefined) {
    throw new HttpError(
      403,
      'NOT_CONFIGURED',
      'Changes are refused until the option authorize of createPerformanceApi is set, for ' +
        'instance to bearerToken(token).',
    );
  }
  // Compared with `true`, so that a promise that `authorize` forgot to await is not taken for it.
  if ((await authorize(request)) !== true) {
    throw new HttpError(403, 'FORBIDDEN', 'The request is not authorized.');
  }
}

/** @internal */
export function corsHeaders(origin: string | undefined, allow: string): Headers {
  const headers = new Headers();
  if (origin === undefined) return headers;
  headers.set('Access-Control-Allow-Origin', origin);
  headers.set('Access-Control-Allow-Methods', allow);
  headers.set('Access-Control-Allow-Headers', 'Authorization');
  headers.set('Vary', 'Origin');
  return headers;
}
