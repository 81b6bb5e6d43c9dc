import type { KeyPattern } from './coordinator.js';

/** The patterns of one caller; several callers share a pass over the keys. */
export type PatternGroup = readonly KeyPattern[];

/**
 * The positions of the groups with a pattern that matches the key.
 *
 * @internal
 */
export function matchingGroups(groups: readonly PatternGroup[], key: string): number[] {
  const matching: number[] = [];
  for (const [i, group] of groups.entries()) {
    if (group.some((pattern) => pattern.matches(key))) matching.push(i);
  }
  return matching;
}
