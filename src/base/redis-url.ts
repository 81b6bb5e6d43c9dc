import { describe } from './duration.js';
import { redacted } from './redact.js';

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
    return (
      `the URL cannot be read; got ${describe(redacted(url))}. Write 'redis://host:6379/0', or ` +
      "'rediss://…' for TLS."
    );
  }
  if (protocol === 'redis:' || protocol === 'rediss:') return undefined;
  return `the URL must begin with redis:// or rediss://; got '${protocol}//…'.`;
}
