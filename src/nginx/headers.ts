import type { Settings } from './schema.js';
import { block, type Lines } from './text.js';

/** Neither a policy of content nor of permissions: those are the service's to know. */
const DEFAULTS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'SAMEORIGIN',
  'Referrer-Policy': 'strict-origin-when-cross-origin',
};

type Header = readonly [name: string, value: string];

/** Those that answers get unless they have them. */
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

/** Where the value is that an answer gets: nothing if the server has given one of its own. */
export function headerMaps(settings: Settings): Lines {
  return headersOf(settings).map(([name, value]) =>
    block(`map $upstream_http_${snake(name)} $aurora_header_${snake(name)}`, `'' "${value}";`),
  );
}

/** A header of an empty value is not sent. */
export function headerLines(settings: Settings): Lines {
  return headersOf(settings).map(
    ([name]) => `add_header ${name} $aurora_header_${snake(name)} always;`,
  );
}
