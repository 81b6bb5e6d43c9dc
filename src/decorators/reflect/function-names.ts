import { ConfigurationError } from '../../base/errors/errors.js';
import { escapeKey } from '../../base/keys/escape.js';
import type { BindingNames, MethodSpec } from './identity.js';

/**
 * Names a plain function in keys and statistics. `names.ts` does it for methods.
 *
 * @throws ConfigurationError when nothing names the function.
 * @internal
 */
export function functionNames({ options, body }: MethodSpec): BindingNames {
  const name = options.name ?? body.name;
  if (name === '' && options.key === undefined) {
    throw new ConfigurationError('cached: an anonymous function needs the option name, or key.');
  }
  const label = name === '' ? 'anonymous' : name;
  const last = segmentText(label);
  return {
    prefix: escapeKey(options.keyPrefix ?? last),
    last,
    label,
    codeNames: options.name === undefined ? [{ text: name, kind: 'function name' }] : [],
    type: undefined,
  };
}

/**
 * A hand-written name as a segment: it may contain colons, but must not end in a signature.
 *
 * @internal
 */
export function segmentText(name: string): string {
  return escapeKey(name).replaceAll('~', '%7E').replaceAll('*', '%2A');
}
