import type { Settings } from './schema.js';
import { block, type Lines } from './text.js';

/** Without `Content-Security-Policy` and `Permissions-Policy`, which depend on the service. */
const DEFAULTS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'SAMEORIGIN',
  'Referrer-Policy': 'strict-origin-when-cross-origin',
};

type Header = readonly [name: string, value: string];

/** Headers for responses that do not have them. */
function headersOf({ headers, tls }: Settings): Header[] {
  const all = new Map(Object.entries(DEFAULTS).map((header) => [header[0].toLowerCase(), header]));
  if (tls !== undefined && tls.hsts !== false) {
    const seconds = String(Math.round(tls.hsts / 1000));
    all.set('strict-transport-security', ['Strict-Transport-Security', `max-age=${seconds}`]);
  }
  for (const header of Object.entries(headers)) all.set(header[0].toLowerCase(), header);
  return [...all.values()].filter(([, value]) => value !== '');
}

const snake = (name: string): string => name.toLowerCase().replaceAll('-', '_');

/** Maps each header to its value, or to nothing if the service has set it. */
export function headerMaps(settings: Settings): Lines {
  return headersOf(settings).map(([name, value]) =>
    block(`map $upstream_http_${snake(name)} $aurora_header_${snake(name)}`, `'' "${value}";`),
  );
}

/** nginx does not send a header with an empty value. */
export function headerLines(settings: Settings): Lines {
  return headersOf(settings).map(
    ([name]) => `add_header ${name} $aurora_header_${snake(name)} always;`,
  );
}
