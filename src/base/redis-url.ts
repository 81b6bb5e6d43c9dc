import { describe } from './duration.js';

/** Of one URL, all that stands before the last `@`: a password may have blanks and quotes in it. */
const CREDENTIALS = /^.*@/s;

/**
 * What is wrong with a Redis URL, without its password; `undefined` when it can be read.
 *
 * @internal
 */
export function redisUrlProblem(url: string): string | undefined {
  let protocol: string;
  try {
    ({ protocol } = new URL(url));
  } catch {
    const shown = describe(url.replace(CREDENTIALS, '***@'));
    return `the URL cannot be read; got ${shown}. Write 'redis://host:6379/0', or 'rediss://…' for TLS.`;
  }
  if (protocol === 'redis:' || protocol === 'rediss:') return undefined;
  return `the URL must begin with redis:// or rediss://; got '${protocol}//…'.`;
}
