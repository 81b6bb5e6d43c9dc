import { isIP, isIPv4, isIPv6, SocketAddress } from 'node:net';
import * as v from 'valibot';

import { toMilliseconds } from '../base/time/duration.js';
import { ConfigurationError } from '../base/errors/errors.js';

// Every value in the generated text matches one of these schemas, so that none can end a directive, open a block,
// begin a comment or name a variable.

/** Attaches the JSON Schema of a value, for documentation and editors. */
export const json = <T>(schema: object): v.MetadataAction<T, { readonly json: object }> =>
  v.metadata({ json: schema });

/** A string that passes a check; `allowed` describes it in messages. */
const text = (allowed: string, isAllowed: (value: string) => boolean) =>
  v.pipe(v.string(allowed), v.check(isAllowed, allowed), json({ type: 'string' }));

const matching = (allowed: string, form: RegExp) =>
  v.pipe(
    text(allowed, (value) => form.test(value)),
    json({ type: 'string', pattern: form.source }),
  );

/** @internal */
export const integer = (minimum: number, maximum: number): v.GenericSchema<number> => {
  const allowed = `a whole number from ${String(minimum)} to ${String(maximum)}`;
  return v.pipe(
    v.number(allowed),
    v.check((value) => Number.isInteger(value) && value >= minimum && value <= maximum, allowed),
    json({ type: 'integer', minimum, maximum }),
  );
};

/** @internal */
export const port = integer(1, 65_535);

/**
 * An nginx version, as numbers.
 *
 * @internal
 */
export const version = v.pipe(
  text("a version of nginx from '1.18', such as '1.28' or '1.27.3'", (value) => {
    const [, major, minor] = /^(\d{1,3})\.(\d{1,3})(?:\.\d{1,3})?$/.exec(value) ?? [];
    return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 18);
  }),
  v.transform((value) => value.split('.').map(Number)),
);

/** @internal */
export const flag = v.pipe(v.boolean('true or false'), json({ type: 'boolean' }));

/** @internal */
export const upstreamName = matching(
  'a name of 1 to 64 letters, digits and underscores that begins with a letter',
  /^[A-Za-z]\w{0,63}$/,
);

const LABEL = /^\w(?:[\w-]{0,61}\w)?$/;

function isHost(host: string): boolean {
  // A host that ends in a number must be an IPv4 address.
  if (/(?:^|\.)\d+$/.test(host)) return isIPv4(host);
  return host.length <= 253 && host.split('.').every((label) => LABEL.test(label));
}

const isPort = (digits: string): boolean =>
  /^[1-9]\d{0,4}$/.test(digits) && Number(digits) < 65_536;
const FILE = /^\/[\w./@+-]{1,255}$/;

const AT = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d+)$/;

/** @internal */
export const address = v.pipe(
  text("an address, 'host:port', '[IPv6]:port' or 'unix:/path'", (value) => {
    if (value.startsWith('unix:')) return FILE.test(value.slice('unix:'.length));
    const [, v6, host = '', digits = ''] = AT.exec(value) ?? [];
    return isPort(digits) && (v6 === undefined ? isHost(host) : isPlainIPv6(v6));
  }),
  v.transform((value) => value.replace(/^\[(.*)\]/, (_, host: string) => `[${canonical(host)}]`)),
);

/** Without a zone, which nginx does not accept. */
const isPlainIPv6 = (host: string): boolean => isIPv6(host) && !host.includes('%');

/** nginx does not accept every notation of IPv6. */
const canonical = (host: string): string =>
  isIPv6(host) ? new SocketAddress({ address: host, family: 'ipv6' }).address : host;

/** @internal */
export const network = v.pipe(
  text("an IP address or a network as '10.0.0.0/8'", (value) => {
    const [, host = '', digits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(value) ?? [];
    const bits = { 0: -1, 4: 32, 6: 128 }[isIP(host)] ?? -1;
    const isWritten = digits === undefined || String(Number(digits)) === digits;
    return isWritten && Number(digits ?? 0) <= bits;
  }),
  v.transform((value) => value.replace(/^[^/]+/, canonical)),
);

/**
 * In nginx's notation.
 *
 * @internal
 */
export const resolverAddress = v.pipe(
  text(
    "the IP address of a name server, with a port or without: '10.0.0.2', '[fd00::2]:53'",
    (value) => {
      const [, v6, v4 = '', digits] = RESOLVER.exec(value) ?? [];
      const isAddress = isPlainIPv6(value) || (v6 === undefined ? isIPv4(v4) : isPlainIPv6(v6));
      return isAddress && (digits === undefined || isPort(digits));
    },
  ),
  v.transform((value) =>
    isIPv6(value)
      ? `[${canonical(value)}]`
      : value.replace(/^\[(.*)\]/, (_, host: string) => `[${canonical(host)}]`),
  ),
);

const RESOLVER = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d+))?$/;

/** @internal */
export const serverName = text(
  "a host name, '*.example.org' included",
  (value) =>
    value === '_' ||
    (isHost(value.replace(/^\*\./, '')) && !/^\*\.[^.]*$/.test(value) && value !== ''),
);

/** @internal */
export const filePath = matching("an absolute path of letters, digits and '._/@+-'", FILE);

/** @internal */
export const includePath = matching(
  "an absolute path of letters, digits and '._/@+-', with '*' for several files",
  /^\/[\w./@+*-]{1,255}$/,
);

/**
 * A path as nginx compares it after decoding: without escapes and dot segments.
 *
 * @internal
 */
export const urlPath = text(
  "a path that begins with '/', of letters, digits and '-._~!@:+,=/', without '//', '.' and '..'",
  (value) =>
    value.length <= 255 &&
    /^\/[\w\-.~!@:+,=/]*$/.test(value) &&
    !value.includes('//') &&
    !value.split('/').some((part) => part === '.' || part === '..'),
);

/** @internal */
export const bodySize = matching("a size such as '512k', '10m' or '1g'", /^\d{1,6}[kKmMgG]?$/);

/** @internal */
export const hashKey = matching(
  "'$request_uri', '$uri', '$remote_addr', '$host', or '$http_<name>', '$cookie_<name>', '$arg_<name>'",
  /^\$(?:request_uri|uri|remote_addr|host|http_[a-z0-9_]{1,64}|(?:cookie|arg)_[A-Za-z0-9_]{1,64})$/,
);

const HEADER = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;

/** Headers that describe the message itself, which nginx must not set. */
const RESERVED = new Set(
  (
    'connection content-encoding content-length content-type date keep-alive location server ' +
    'set-cookie te trailer transfer-encoding upgrade'
  ).split(' '),
);

/** @internal */
export const headerName = v.pipe(
  text(
    'a header name of letters, digits and hyphens that HTTP does not use itself',
    (name) => HEADER.test(name) && !RESERVED.has(name.toLowerCase()),
  ),
  json({ type: 'string', pattern: HEADER.source }),
);

/** @internal */
export const headerValue = matching(
  String.raw`at most 1000 characters of ASCII without '"', '$' and '\'`,
  /^(?!\s)[ !#%-[\]-~]{0,1000}(?<! )$/,
);

/**
 * Milliseconds of a duration.
 *
 * @internal
 */
export const duration = v.pipe(
  v.union([v.number(), v.string()], "seconds, or a text such as '250ms', '30s', '5m'"),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return toMilliseconds(dataset.value, 'duration');
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      addIssue({ message: "seconds, or a text such as '250ms', '30s', '5m'" });
      return NEVER;
    }
  }),
  json({
    anyOf: [
      { type: 'number', exclusiveMinimum: 0 },
      { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$' },
    ],
  }),
);
