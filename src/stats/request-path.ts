import { HTTP_LIMITS } from '../base/options/defaults.js';
import { printable } from '../base/errors/printable.js';

const WORD = /^[A-Za-z][a-z_-]{0,19}(?:\.[a-z]{1,5})?$/;
const PREFIX = /^(?:api|rest|v\d{1,2})$/;
const MAX_SEGMENTS = 8;

/**
 * The path of a request with an unknown route, safe to display: without host and query, and with `:param` for
 * segments that may be values. Paths may contain tokens and user names, so only prefixes such as `/api/v1` and
 * the segment after them are kept, the latter if it is a word.
 *
 * @internal
 */
export function maskedPath(url: string): string {
  const [path = ''] = url.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1);
  const segments = path.split('/').filter((segment) => segment !== '');
  const first = segments.findIndex((segment) => !PREFIX.test(segment));
  const masked = segments.map((segment, i) =>
    i < first || first === -1 || (i === first && WORD.test(segment)) ? segment : ':param',
  );
  const rest = masked.length > MAX_SEGMENTS ? '/…' : '';
  return `/${masked.slice(0, MAX_SEGMENTS).join('/')}${rest}`;
}

/**
 * A route's pattern, or a method, safe to display.
 *
 * @internal
 */
export function shown(text: string, chars: number = HTTP_LIMITS.pathChars): string {
  return printable(text.slice(0, chars));
}
