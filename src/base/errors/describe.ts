import { redacted } from './redact.js';

const MAX_CHARS = 60;

/**
 * A short, safe rendering of a bad value for an error message: it shows neither the contents of objects nor
 * the credentials of URLs, which may be given to the wrong option.
 *
 * @internal
 */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string': {
      // Before it is cut, which may remove the mark of credentials.
      const text = redacted(value);
      return `'${text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}…` : text}'`;
    }
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'bigint':
      return `${String(value)}n`;
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    default:
      if (value === null) return 'null';
      return Array.isArray(value) ? 'an array' : 'an object';
  }
}
