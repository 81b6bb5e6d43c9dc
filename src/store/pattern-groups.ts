import type { PatternGroup } from './coordinator.js';

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
