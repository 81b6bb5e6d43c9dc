import { Refusal } from './answer.js';
import type { Authorize } from './bearer-token.js';
import type { ResolvedApiOptions } from './options.js';

type AccessOptions = Pick<ResolvedApiOptions, 'allowedHosts' | 'allowedOrigins'>;

/**
 * Refuses pages of other hosts: a browser sends its user's cookies and reaches its user's network.
 *
 * @returns The origin of another host that is allowed, for the response's headers.
 * @throws Refusal for one that is not.
 * @internal
 */
export function checkOrigin(
  request: Request,
  { allowedOrigins }: AccessOptions,
): string | undefined {
  const origin = request.headers.get('origin');
  if (origin === null) return undefined;
  if (allowedOrigins.has(origin)) return origin;
  // By host alone: a proxy that ends TLS makes `https` an `http`.
  if (URL.canParse(origin) && new URL(origin).host === new URL(request.url).host) return undefined;
  throw new Refusal(
    403,
    'FOREIGN_ORIGIN',
    'Requests of pages from another host are refused. If it is yours, name its origin in the ' +
      'option allowedOrigins of createPerformanceApi.',
  );
}

/**
 * Refuses changes that a page of another site asks for, with or without an `Origin`.
 *
 * @param origin - What {@link checkOrigin} returned.
 * @throws Refusal
 * @internal
 */
export function checkSite({ headers }: Request, origin: string | undefined): void {
  if (origin !== undefined || headers.get('sec-fetch-site') !== 'cross-site') return;
  throw new Refusal(403, 'CROSS_SITE', 'Changes that a page of another site asks for are refused.');
}

/**
 * Whether the request's host is one of those that the API is reached by. A page whose name an attacker
 * resolves to this machine is of the same origin, and told apart by its host alone.
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
 * @throws Refusal for a host that is not allowed.
 * @internal
 */
export function checkHost(request: Request, options: AccessOptions): void {
  if (isHostAllowed(request, options)) return;
  throw new Refusal(
    403,
    'FOREIGN_HOST',
    'The host of the request is not in the option allowedHosts of createPerformanceApi.',
  );
}

/**
 * Asks whether the caller may.
 *
 * @throws Refusal when not.
 * @internal
 */
export async function checkAuthorized(
  request: Request,
  authorize: Authorize | undefined,
): Promise<void> {
  if (authorize === undefined) {
    throw new Refusal(
      403,
      'NOT_CONFIGURED',
      'Changing calls are refused until the option authorize of createPerformanceApi says who may ' +
        'make them: bearerToken(token), for instance.',
    );
  }
  // Anything but `true` is a no: a promise that was not awaited must not open the door.
  if ((await authorize(request)) !== true) {
    throw new Refusal(403, 'FORBIDDEN', 'The request is not authorized.');
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
