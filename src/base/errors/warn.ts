import { printable } from './printable.js';

const issued = new Set<string>();
const MAX_WARNINGS = 1000;

/**
 * Warns the developer once about something that works but is probably not intended. On Node, it is a
 * process warning (`process.on('warning')`, `--trace-warnings`), elsewhere a line on the console.
 *
 * @internal
 */
export function warnOnce(code: string, subject: string, message: string): void {
  const identity = `${code} ${subject}`;
  // Bounded: a subject may come from data, and a set that only grows is a leak.
  if (issued.has(identity) || issued.size >= MAX_WARNINGS) return;
  issued.add(identity);
  const line = printable(message);
  if (typeof process === 'object' && typeof process.emitWarning === 'function') {
    process.emitWarning(line, { type: 'AuroraCacheWarning', code });
  } else {
    // eslint-disable-next-line no-console -- where there is no other way to be heard
    console.warn(`AuroraCacheWarning [${code}]: ${line}`);
  }
}
