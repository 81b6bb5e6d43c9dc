/** Version of the message format. */
const VERSION = 1;

/**
 * A message of one cache to the others. A message about a key means that its lease has ended and, unless it is
 * a `release`, that copies of the value are out of date.
 */
export type Message =
  | { readonly kind: 'set' | 'delete' | 'fill' | 'release'; readonly key: string }
  /** The same for several keys: `changed` for `set` or `delete`, `filled` for `fill`. */
  | { readonly kind: 'changed' | 'filled'; readonly keys: readonly string[] }
  | { readonly kind: 'tags'; readonly tags: readonly string[]; readonly version: number }
  | { readonly kind: 'clear'; readonly patterns: readonly string[] }
  /** Entries created before the floor are misses; in ms of the server's clock. */
  | { readonly kind: 'floor'; readonly floor: number }
  | { readonly kind: 'probe'; readonly id: number };

/** A message and the cache that sent it. */
export type Received = Message & { readonly origin: string };

const ABOUT_KEYS: ReadonlySet<string> = new Set<Message['kind']>([
  ...(['set', 'delete', 'fill', 'release', 'changed', 'filled'] as const),
]);

/** The text of a message. */
export function encode(origin: string, message: Message): string {
  return JSON.stringify({ v: VERSION, origin, ...message });
}

/** Returns a predicate that recognises one cache's messages about keys without parsing them. */
export function messagesAboutKeysOf(origin: string): (text: string) => boolean {
  const head = `${encode(origin, { kind: 'set', key: '' }).split('"set"', 1)[0] ?? ''}"`;
  return (text) =>
    text.startsWith(head) &&
    ABOUT_KEYS.has(text.slice(head.length, text.indexOf('"', head.length)));
}

/** The two halves of a `tags` message: the script inserts the version, which it determines, between them. */
export function encodeTags(origin: string, tags: readonly string[]): [string, string] {
  return halves({ origin, kind: 'tags', tags }, 'version');
}

/** The two halves of a `floor` message: the script inserts the floor, which it determines, between them. */
export function encodeFloor(origin: string): [string, string] {
  return halves({ origin, kind: 'floor' }, 'floor');
}

function halves(message: object, last: string): [string, string] {
  return [`${JSON.stringify({ v: VERSION, ...message }).slice(0, -1)},"${last}":`, '}'];
}

/** Parses a message; `undefined` for anything else, including messages of other versions. */
export function parse(text: string): Received | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof found !== 'object' || found === null) return undefined;
  const message = found as Record<string, unknown>;
  if (message['v'] !== VERSION || typeof message['origin'] !== 'string') return undefined;
  return isValid(message) ? (message as unknown as Received) : undefined;
}

function isValid(message: Record<string, unknown>): boolean {
  const { kind, key, keys, tags, version, patterns, id, floor } = message;
  switch (kind) {
    case 'set':
    case 'delete':
    case 'fill':
    case 'release':
      return typeof key === 'string';
    case 'changed':
    case 'filled':
      return areStrings(keys);
    case 'tags':
      return areStrings(tags) && Number.isSafeInteger(version);
    case 'clear':
      return areStrings(patterns);
    case 'floor':
      return Number.isSafeInteger(floor);
    case 'probe':
      return typeof id === 'number';
    default:
      return false;
  }
}

function areStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
