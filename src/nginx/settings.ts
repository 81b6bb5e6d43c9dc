import * as v from 'valibot';

import { describe } from '../base/duration.js';
import { ConfigurationError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import { DEFAULT_ROUTES, DEFAULT_UPSTREAMS } from './layout.js';
import type { NginxOptions } from './options.js';
import { referenceMistakes } from './references.js';
import { options, routes, upstreams, type Settings } from './schema.js';
import { MISSING, UNKNOWN } from './shapes.js';

const OWNER = 'generateNginxConfig';

/** More of them would hide the first ones. */
const MAX_SHOWN = 50;

/**
 * Checks the options, and fills in those that are not given.
 *
 * @throws ConfigurationError with all mistakes: the path of the option, its value, and what is allowed.
 * @internal
 */
export function readSettings(given: NginxOptions): Settings {
  const result = v.safeParse(options, given);
  if (!result.success) {
    throw refusal([...result.issues.map(mistakeOf), ...mistakesInTheRest(given, result.issues)]);
  }
  const settings = filledIn(result.output);
  const mistakes = referenceMistakes(settings);
  if (mistakes.length > 0) throw refusal(mistakes);
  return settings;
}

function filledIn(checked: v.InferOutput<typeof options>): Settings {
  const all = checked.upstreams ?? v.parse(upstreams, DEFAULT_UPSTREAMS);
  const first = [{ path: '/', upstream: all[0]!.name }];
  const standard = checked.upstreams === undefined ? DEFAULT_ROUTES : first;
  return { ...checked, upstreams: all, routes: checked.routes ?? v.parse(routes, standard) };
}

/**
 * The mistakes in what the valid options say of each other, found without the invalid ones; none
 * where these cannot be left out.
 */
function mistakesInTheRest(given: NginxOptions, issues: readonly Issue[]): string[] {
  let rest: unknown = given;
  for (const { path = [] } of issues) {
    const keys = path.map(({ key }) => key as string | number);
    if (keys.length === 1 && STRUCTURE.has(keys[0])) return [];
    rest = without(rest, keys);
  }
  const result = v.safeParse(options, rest);
  return result.success ? referenceMistakes(filledIn(result.output)) : [];
}

/** A copy without one property; elements of lists stay, since others have their numbers. */
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

/** Without them, the others would be compared with defaults. */
const STRUCTURE = new Set<unknown>(['upstreams', 'routes', 'performanceApi', 'tls']);

interface Issue {
  readonly message: string;
  readonly input: unknown;
  readonly path?: readonly { readonly key: unknown }[] | undefined;
}

function mistakeOf(issue: Issue): string {
  const path = pathOf(issue.path ?? []);
  const { message } = issue;
  if (message.startsWith(UNKNOWN)) {
    return `there is no option '${path}'. ${message.slice(UNKNOWN.length)}`;
  }
  if (message === MISSING) return `${path} must be given.`;
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

function refusal(mistakes: readonly string[]): ConfigurationError {
  const error = new ConfigurationError(`${OWNER}: ${mistakes[0] ?? ''}`);
  if (mistakes.length === 1) return error;
  const shown = mistakes.slice(0, MAX_SHOWN).map((mistake) => `\n- ${printable(mistake)}`);
  const left = mistakes.length - shown.length;
  const more = left > 0 ? `\n- and ${String(left)} more.` : '';
  // Set afterwards: the constructor spells line breaks out, which may be part of a value.
  error.message = `${OWNER}: ${String(mistakes.length)} mistakes:${shown.join('')}${more}`;
  Error.captureStackTrace(error, refusal);
  return error;
}
