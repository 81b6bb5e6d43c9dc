import { Refusal } from './answer.js';
import type { ResolvedApiOptions } from './options.js';

type AccessOptions = Pick<ResolvedApiOptions, 'authorize' | 'allowedOrigins'>;

/**
 * Refuses pages of other hosts: a browser sends its user's cookies and reaches its user's network.
 *
 * @returns The origin of another host that is allowed, to be named in the answer.
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
  // By host alone: whoever ends TLS in front of us makes `https` an `http`.
  if (URL.canParse(origin) && new URL(origin).host === new URL(request.url).host) return undefined;
  throw new Refusal(
    403,
    'FOREIGN_ORIGIN',
    'Requests of pages from another host are refused. If it is yours, name its origin in the ' +
      'option allowedOrigins of createPerformanceApi.',
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
  { authorize }: AccessOptions,
): Promise<void> {
  if (authorize === undefined) {
    throw new Refusal(
      403,
      'NOT_CONFIGURED',
      'Changing calls are refused until the option authorize of createPerformanceApi says who may ' +
        'make them: bearerToken(token), for instance.',
    );
  }
  // Anything but `true` is a no: a promise forgotten somewhere must not open the door.
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
