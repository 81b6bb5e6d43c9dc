import { LIMITS } from '../../base/options/defaults.js';
import { escapePattern, Glob } from '../../base/keys/glob.js';
import { mayBeGenerated, nameWithoutSuffix } from './build-names.js';
import { addClass, isSameClaimant, prune } from './lineage.js';
import { addLocalSegment } from './local-segments.js';
import type { Claimant, ClaimRequest, Claims, Segment } from './segment.js';

/*
 * This folder keeps apart methods that would use the same keys. A method claims the segment of its keys (here);
 * once a segment has two claimants (`lineage.ts` says which methods are one), or its name may be another class's
 * in another build (`build-names.ts`), its entries stay in this process, under local keys (`local-segments.ts`).
 */

/**
 * Where a cache keeps its claims. A registered symbol and plain data, since decorators of another copy of
 * the package register claims on the same cache.
 *
 * @internal
 */
export const CLAIMS: unique symbol = Symbol.for('aurora-cache.claims.v2') as never;

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
  if (segment.isDoubtful) addLocalSegment(claims, segment);
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
  addLocalSegment(claims, segment);
  const { prefix, last } = segment;
  cache.removeInBackground(patternsOf(prefix, last).map((pattern) => new Glob(pattern)));
}
