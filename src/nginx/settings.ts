import * as v from 'valibot';

import { describe } from '../base/errors/describe.js';
import { ConfigurationError } from '../base/errors/errors.js';
import { printable } from '../base/errors/printable.js';
import { DEFAULT_ROUTES, DEFAULT_UPSTREAMS } from './defaults.js';
import type { NginxOptions } from './options.js';
import { referenceErrors } from './references.js';
import { options, routes, upstreams, type Settings } from './schema.js';
import { MISSING, UNKNOWN } from './shapes.js';

const OWNER = 'generateNginxConfig';

/** Maximum number of errors in a message: more would hide the first ones. */
const MAX_SHOWN = 50;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws ConfigurationError with all errors: the path of the option, its value, and the allowed values.
 * @internal
 */
export function readSettings(given: NginxOptions): Settings {
  const result = v.safeParse(options, given);
  if (!result.success) {
    throw toConfigurationError([
      ...result.issues.map(errorOf),
      ...errorsInValidOptions(given, result.issues),
    ]);
  }
  const settings = withDefaults(result.output);
  const errors = referenceErrors(settings);
  if (errors.length > 0) throw toConfigurationError(errors);
  return settings;
}

function withDefaults(checked: v.InferOutput<typeof options>): Settings {
  const all = checked.upstreams ?? v.parse(upstreams, DEFAULT_UPSTREAMS);
  const first = [{ path: '/', upstream: all[0]!.name }];
  const standard = checked.upstreams === undefined ? DEFAULT_ROUTES : first;
  return { ...checked, upstreams: all, routes: checked.routes ?? v.parse(routes, standard) };
}

/**
 * Errors between the valid options, found by leaving out the invalid ones; none if those are structural.
 */
function errorsInValidOptions(given: NginxOptions, issues: readonly Issue[]): string[] {
  let rest: unknown = given;
  for (const { path = [] } of issues) {
    const keys = path.map(({ key }) => key as string | number);
    if (keys.length === 1 && STRUCTURAL.has(keys[0])) return [];
    rest = without(rest, keys);
  }
  const result = v.safeParse(options, rest);
  return result.success ? referenceErrors(withDefaults(result.output)) : [];
}

/** A copy without one property. List elements stay, so that the indexes of the others do not change. */
function without(value: unknown, [key, ...inner]: readonly (string | number)[]): unknown {
  if (key === undefined || typeof value !== 'object' || value === null) return value;
  if (inner.length === 0 && Array.isArray(value)) return value;
  const entries = Object.entries(value).flatMap(([name, one]) =>
    name !== String(key) ? [[name, one]] : inner.length > 0 ? [[name, without(one, inner)]] : [],
  );
  return Array.isArray(value)
    ? entries.map(([, one]) => one as unknown)
    : (Object.fromEntries(entries) as unknown);
}

/** Options that cannot be left out: the others would be compared with their defaults. */
const STRUCTURAL = new Set<unknown>(['upstreams', 'routes', 'performanceApi', 'tls']);

interface Issue {
  readonly message: string;
  readonly input: unknown;
  readonly path?: readonly { readonly key: unknown }[] | undefined;
}

function errorOf(issue: Issue): string {
  const path = pathOf(issue.path ?? []);
  const { message } = issue;
  if (message.startsWith(UNKNOWN)) {
    return `there is no option '${path}'. ${message.slice(UNKNOWN.length)}`;
  }
  if (message === MISSING) return `${path} is required.`;
  const got = issue.input === undefined ? 'nothing' : describe(issue.input);
  return `${path || 'options'} must be ${message}; got ${got}.`;
}

/** `upstreams[0].servers[1].weight` */
function pathOf(path: readonly { readonly key: unknown }[]): string {
  return path
    .map(({ key }) => {
      if (typeof key === 'number') return `[${String(key)}]`;
      const name = String(key);
      return /^\w+$/.test(name) ? `.${name}` : `[${describe(name)}]`;
    })
    .join('')
    .replace(/^\./, '');
}

function toConfigurationError(errors: readonly string[]): ConfigurationError {
  const error = new ConfigurationError(`${OWNER}: ${errors[0] ?? ''}`);
  if (errors.length === 1) return error;
  const shown = errors.slice(0, MAX_SHOWN).map((error) => `\n- ${printable(error)}`);
  const left = errors.length - shown.length;
  const more = left > 0 ? `\n- and ${String(left)} more.` : '';
  // Set afterwards: the constructor escapes line breaks, which may be part of a value.
  error.message = `${OWNER}: ${String(errors.length)} errors:${shown.join('')}${more}`;
  Error.captureStackTrace(error, toConfigurationError);
  return error;
}
