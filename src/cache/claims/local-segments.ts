import { localKey } from '../../base/keys/local-key.js';
import type { Claims, Segment } from './segment.js';

/**
 * The local keys that belong to a key, one for each claimant: what invalidates the key invalidates them.
 *
 * @internal
 */
export function localKeysOf(claims: Claims, key: string): readonly string[] {
  if (claims.locals.size === 0) return NONE;
  const segments = claims.locals.get(segmentId(key));
  if (segments === undefined) return NONE;
  return segments.flatMap(({ prefix, claimants }) =>
    key.startsWith(prefix) ? claimants.map(({ number }) => localKey(number, key)) : NONE,
  );
}

const NONE: readonly string[] = Object.freeze([]);

/** Notes that the entries of a segment are local. */
export function addLocalSegment(claims: Claims, segment: Segment): void {
  const id = segmentId(`${segment.prefix}:${segment.last}`);
  const others = claims.locals.get(id);
  if (others === undefined) claims.locals.set(id, [segment]);
  else if (!others.includes(segment)) others.push(segment);
}

/** The common part of a segment and its keys: the text before the first and after the last colon. */
function segmentId(key: string): string {
  const tail = key.slice(key.lastIndexOf(':') + 1);
  const signature = tail.indexOf('~');
  return `${key.slice(0, key.indexOf(':'))}:${signature < 0 ? tail : tail.slice(0, signature)}`;
}
