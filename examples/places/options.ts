import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm start [-- <options>]

Runs an example service on the places of the world, and shows what its cache
did.

Options:
  --serve         serve the example over HTTP instead
  --help          show this text

Options of --serve:
  --port <n>      port to listen on, 0 for a free one; default PORT, else 5001
  --host <name>   address to listen on; default 127.0.0.1, this machine alone
  --traffic <n>   call the example's own endpoints n times a second
  --token <text>  token of calls that change the cache; default AURORA_TOKEN,
                  else a random one
  --no-cache      run every method at every call, to see what the cache is for

Environment:
  REDIS_URL       a Redis that several instances share; default none
  INSTANCE        name of this instance in the header X-Instance`;

/** How the example serves. */
export interface ServeOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Requests per second that the example makes of itself; 0 for none. */
  readonly traffic: number;
  readonly token: string;
  /** Whether the token was generated, so that it has to be printed. */
  readonly isTokenRandom: boolean;
  readonly instance: string;
  readonly redisUrl: string | undefined;
  readonly isCached: boolean;
}

/** The task that the command line requests. */
export type Task =
  | { readonly kind: 'help' }
  | { readonly kind: 'tour' }
  | { readonly kind: 'serve'; readonly options: ServeOptions };

/** Something on the command line, or in the environment, that cannot be used. */
export class UsageError extends Error {}

const OPTIONS = {
  serve: { type: 'boolean' },
  port: { type: 'string' },
  host: { type: 'string' },
  traffic: { type: 'string' },
  token: { type: 'string' },
  'no-cache': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const DEFAULT_PORT = '5001';
const MOST_REQUESTS_PER_SECOND = 1000;

/**
 * Reads the command line and the environment.
 *
 * @throws UsageError for a bad value; what `parseArgs` throws for an unknown option.
 */
export function readOptions(args: string[], env: NodeJS.ProcessEnv): Task {
  const { serve = false, help = false, ...rest } = parseArgs({ args, options: OPTIONS }).values;
  if (help) return { kind: 'help' };
  if (serve) return { kind: 'serve', options: serveOptions(rest, env) };
  const [stray] = Object.keys(rest);
  if (stray !== undefined) throw new UsageError(`--${stray} needs --serve.`);
  return { kind: 'tour' };
}

type Given = Omit<ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'], 'serve'>;

function serveOptions(given: Given, env: NodeJS.ProcessEnv): ServeOptions {
  // An empty variable is one that is not set.
  const text = (name: string): string | undefined => env[name] || undefined;
  const [portName, port] =
    given.port === undefined && text('PORT') ? ['PORT', env['PORT']] : ['--port', given.port];
  const [tokenName, token] =
    given.token === undefined ? ['AURORA_TOKEN', text('AURORA_TOKEN')] : ['--token', given.token];
  return {
    host: matching('--host', given.host ?? '127.0.0.1', /^[\w.:-]+$/, 'a name or an IP address'),
    port: integer(portName ?? '', port ?? DEFAULT_PORT, 0, 65_535),
    traffic:
      given.traffic === undefined
        ? 0
        : integer('--traffic', given.traffic, 1, MOST_REQUESTS_PER_SECOND),
    token: checkedToken(tokenName ?? '', token) ?? randomBytes(12).toString('hex'),
    isTokenRandom: token === undefined,
    instance: matching(
      'INSTANCE',
      text('INSTANCE') ?? `${hostname().replace(/[^\w.-]/g, '-')}-${process.pid}`,
      /^[\w.-]{1,100}$/,
      '1 to 100 letters, digits, dots, hyphens and underscores',
    ),
    redisUrl: text('REDIS_URL'),
    isCached: given['no-cache'] !== true,
  };
}

function integer(name: string, value: string, least: number, most: number): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`${name} must be an integer from ${least} to ${most}; got '${value}'.`);
}

function matching(name: string, value: string, form: RegExp, allowed: string): string {
  if (form.test(value)) return value;
  throw new UsageError(`${name} must be ${allowed}; got '${value}'.`);
}

/** Not shown in the message: it is a secret, however wrong. */
function checkedToken(name: string, token: string | undefined): string | undefined {
  if (token === undefined || /^[!-~]{1,200}$/.test(token)) return token;
  throw new UsageError(`${name} must be 1 to 200 characters of ASCII without spaces.`);
}
