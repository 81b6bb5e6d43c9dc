import { LIMITS } from '../../base/options/defaults.js';
import { escapePattern, Glob } from '../../base/keys/glob.js';
import { localKey } from '../../base/keys/local-key.js';
import { mayBeGenerated, nameWithoutSuffix, type CodeName } from './build-names.js';

/**
 * Where a cache keeps its claims. A registered symbol and plain data, since decorators of another copy of
 * the package register claims on the same cache.
 *
 * @internal
 */
export const CLAIMS: unique symbol = Symbol.for('aurora-cache.claims.v2') as never;

/** The claims of one cache. */
export interface Claims {
  /** By prefix and last segment. */
  readonly segments: Map<string, Segment>;
  /** Segments whose entries are local, by {@link indexOf}. */
  readonly locals: Map<string, Segment[]>;
  /** Names that are not trusted, because the same name with a suffix exists. */
  readonly doubted: Set<string>;
  /** Incremented when the entries of a segment become local: methods then check their claims again. */
  changes: number;
}

/** The part that a method's keys share: `user:…:getUser`. */
interface Segment {
  readonly prefix: string;
  readonly last: string;
  /** Class and function names in it. */
  readonly codeNames: readonly CodeName[];
  readonly claimants: Claimant[];
  /** Number of claimants so far, including those that are gone. */
  count: number;
  /** Whether a second claimant was met. */
  isContested: boolean;
  /** Whether another build may give a name in it to another class. */
  isDoubtful: boolean;
}

/** A method whose results are stored under a segment's keys. */
interface Claimant {
  /** The part of its local keys that distinguishes it from other claimants. */
  readonly number: number;
  /** For messages. */
  readonly label: string;
  /** The original function. Weak: a module that was replaced must not stay in memory. */
  readonly body: WeakRef<object>;
  /** The classes on which the method was called; they inherit from one another. */
  readonly classes: WeakRef<object>[];
  /** Whether the user chose the last segment by the `name` option. */
  readonly isNamed: boolean;
}

/** A method's request for the keys of a segment. */
export interface ClaimRequest {
  readonly prefix: string;
  readonly last: string;
  readonly codeNames: readonly CodeName[];
  /** The class of the call, whether or not the keys contain its name. */
  readonly className: string | undefined;
  readonly label: string;
  readonly body: object;
  /** The runtime class of the call; absent for a plain function. */
  readonly type: object | undefined;
  readonly isNamed: boolean;
}

/** A segment, and which of its claimants a method is. */
export interface Claim {
  readonly segment: Segment;
  readonly claimant: Claimant;
  /** The earlier claimant, if this claim has made the segment contested. */
  readonly rival: Claimant | undefined;
}

/** The part of a cache that claims need. */
export interface Claimed {
  readonly [CLAIMS]: Claims;
  readonly options: { readonly trustNames: boolean | undefined };
  removeInBackground(globs: readonly Glob[]): void;
}

/** @internal */
export function newClaims(): Claims {
  return { segments: new Map(), locals: new Map(), doubted: new Set(), changes: 0 };
}

/**
 * Registers a method as a claimant of its keys. Once a segment has two claimants, its entries stay local,
 * because an entry under a shared key does not say which method stored it.
 *
 * @returns `undefined` beyond the bound of claimants: such calls cannot be cached.
 * @internal
 */
export function claim(cache: Claimed, request: ClaimRequest): Claim | undefined {
  const claims = cache[CLAIMS];
  noteNames(cache, request);
  const segment = segmentOf(cache, request);
  const known = segment.claimants.find((one) => isSameClaimant(one, request));
  if (known !== undefined) {
    if (request.type !== undefined) addClass(known, request.type);
    return { segment, claimant: known, rival: undefined };
  }
  const rival = segment.claimants[0];
  prune(segment);
  if (segment.claimants.length >= LIMITS.claimants) return undefined;
  const claimant: Claimant = {
    number: ++segment.count,
    label: request.label,
    body: new WeakRef(request.body),
    classes: request.type === undefined ? [] : [new WeakRef(request.type)],
    isNamed: request.isNamed,
  };
  segment.claimants.push(claimant);
  const isNewContest = segment.count > 1 && !segment.isContested;
  if (isNewContest) {
    segment.isContested = true;
    makeLocal(cache, claims, segment);
  }
  return { segment, claimant, rival: isNewContest ? rival : undefined };
}

/**
 * The local keys that belong to a key, one for each claimant: what invalidates the key invalidates them.
 *
 * @internal
 */
export function localKeysOf(claims: Claims, key: string): readonly string[] {
  if (claims.locals.size === 0) return NONE;
  const segments = claims.locals.get(indexOf(key));
  if (segments === undefined) return NONE;
  return segments.flatMap(({ prefix, claimants }) =>
    key.startsWith(prefix) ? claimants.map(({ number }) => localKey(number, key)) : NONE,
  );
}

const NONE: readonly string[] = Object.freeze([]);

/**
 * Patterns that match every key of a segment: with or without arguments, with or without a signature.
 *
 * @internal
 */
export function patternsOf(prefix: string, last: string): string[] {
  const [first, end] = [escapePattern(prefix), escapePattern(last)];
  return ['', ':*'].flatMap((args) => [`${first}${args}:${end}`, `${first}${args}:${end}~*`]);
}

function segmentOf(cache: Claimed, request: ClaimRequest): Segment {
  const claims = cache[CLAIMS];
  const { prefix, last, codeNames } = request;
  const id = `${prefix}\n${last}`;
  const known = claims.segments.get(id);
  if (known !== undefined) return known;
  const segment: Segment = {
    prefix,
    last,
    codeNames,
    claimants: [],
    count: 0,
    isContested: false,
    isDoubtful: codeNames.some(({ text }) => isDoubtful(cache, text)),
  };
  // Beyond the bound, a second claimant goes unnoticed.
  if (claims.segments.size < LIMITS.claims) claims.segments.set(id, segment);
  if (segment.isDoubtful) index(claims, segment);
  return segment;
}

function isDoubtful(cache: Claimed, name: string): boolean {
  // A missing name cannot be trusted, even with `trustNames: true`.
  if (name === '') return true;
  const { trustNames } = cache.options;
  if (trustNames !== undefined) return !trustNames;
  return mayBeGenerated(name) || cache[CLAIMS].doubted.has(name);
}

/** Marks the names that another build may give to this method's class or function. */
function noteNames(cache: Claimed, { codeNames, className }: ClaimRequest): void {
  const claims = cache[CLAIMS];
  if (cache.options.trustNames !== undefined) return;
  const names = codeNames.map(({ text }) => text);
  if (className !== undefined) names.push(className);
  for (const name of names) {
    const base = nameWithoutSuffix(name);
    if (base === undefined || claims.doubted.has(base)) continue;
    if (claims.doubted.size < LIMITS.claims) claims.doubted.add(base);
    for (const segment of claims.segments.values()) {
      if (segment.isDoubtful || !segment.codeNames.some(({ text }) => text === base)) continue;
      segment.isDoubtful = true;
      makeLocal(cache, claims, segment);
    }
  }
}

/**
 * Makes a segment's entries local. Removes those under shared keys, and keeps loads under way from storing
 * more: another process, which calls the other method first, would return them as its results.
 */
function makeLocal(cache: Claimed, claims: Claims, segment: Segment): void {
  claims.changes++;
  index(claims, segment);
  const { prefix, last } = segment;
  cache.removeInBackground(patternsOf(prefix, last).map((pattern) => new Glob(pattern)));
}

function index(claims: Claims, segment: Segment): void {
  const id = indexOf(`${segment.prefix}:${segment.last}`);
  const others = claims.locals.get(id);
  if (others === undefined) claims.locals.set(id, [segment]);
  else if (!others.includes(segment)) others.push(segment);
}

/** The common part of a segment and its keys: the text before the first and after the last colon. */
function indexOf(key: string): string {
  const tail = key.slice(key.lastIndexOf(':') + 1);
  const signature = tail.indexOf('~');
  return `${key.slice(0, key.indexOf(':'))}:${signature < 0 ? tail : tail.slice(0, signature)}`;
}

function isSameClaimant(one: Claimant, { body, type, isNamed }: ClaimRequest): boolean {
  // Two methods with the same `name` option share their results on purpose.
  if (one.isNamed && isNamed) return true;
  if (one.body.deref() !== body) return false;
  if (type === undefined) return true;
  return one.classes.every((known) => {
    const other = known.deref();
    return other === undefined || isOneLine(other, type);
  });
}

function isOneLine(one: object, other: object): boolean {
  return one === other || descends(one, other) || descends(other, one);
}

/** Classes inherit from each other, their prototypes do, or (in older code) only the prototypes. */
function descends(type: object, base: object): boolean {
  if (Object.prototype.isPrototypeOf.call(base, type)) return true;
  if (typeof type !== 'function' || typeof base !== 'function') return false;
  const [own, theirs] = [type.prototype as unknown, base.prototype as unknown];
  return (
    typeof own === 'object' &&
    own !== null &&
    typeof theirs === 'object' &&
    theirs !== null &&
    Object.prototype.isPrototypeOf.call(theirs, own)
  );
}

function addClass({ classes }: Claimant, type: object): void {
  if (classes.some((known) => known.deref() === type)) return;
  const gone = classes.findIndex((known) => known.deref() === undefined);
  if (gone < 0) classes.push(new WeakRef(type));
  else classes[gone] = new WeakRef(type);
}

/** Removes claimants whose function was garbage-collected. Their numbers are not reused. */
function prune({ claimants }: Segment): void {
  for (let i = claimants.length - 1; i >= 0; i--) {
    if (claimants[i]?.body.deref() === undefined) claimants.splice(i, 1);
  }
}
