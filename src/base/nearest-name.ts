import { closest, distance } from 'fastest-levenshtein';

/**
 * The known name nearest to a misspelt one, ignoring case.
 *
 * @param tolerance - Edits up to which a name counts as misspelt.
 * @returns `undefined` when no name is that near.
 * @internal
 */
export function nearestName(
  name: string,
  known: readonly string[],
  tolerance: number,
): string | undefined {
  const lower = name.toLowerCase();
  const nearest = closest(
    lower,
    known.map((one) => one.toLowerCase()),
  );
  if (distance(lower, nearest) > tolerance) return undefined;
  return known.find((one) => one.toLowerCase() === nearest);
}

/**
 * The end of a message about an unknown name: the name that was probably meant, or all known ones.
 *
 * @internal
 */
export function suggestion(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known, Math.max(2, name.length / 3));
  return nearest === undefined ? `Known are ${known.join(', ')}.` : `Did you mean '${nearest}'?`;
}
