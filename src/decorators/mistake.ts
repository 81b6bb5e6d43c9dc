import { isCacheError } from '../base/errors.js';
import { warnOnce } from '../base/warn.js';
import type { Engine } from '../cache/engine.js';

/**
 * Reports what kept a decorator from doing its work after the method has run: to the cache's
 * listeners, and once as a warning if it is a mistake in the program, such as a misspelt method.
 *
 * @internal
 */
export function reportMistake(engine: Engine, owner: string, error: unknown): void {
  engine.report(error);
  if (!isCacheError(error)) return;
  if (error.code !== 'ERR_CONFIGURATION' && error.code !== 'ERR_CACHE_KEY') return;
  warnOnce('AURORA_DECORATOR', `${owner} ${error.message}`, `${owner}: ${error.message}`);
}
