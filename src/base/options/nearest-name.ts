/**
 * The known name nearest to a misspelt one, ignoring case.
 *
 * @param tolerance - Maximum number of edits.
 * @returns `undefined` if no name is that near.
 * @internal
 */
export function nearestName(
  name: string,
  known: readonly string[],
  tolerance: number,
): string | undefined {
  const lower = name.toLowerCase();
  let nearest: string | undefined;
  let least = tolerance;
  for (const one of known) {
    // Each character of the difference takes an edit.
    if (Math.abs(one.length - lower.length) > least) continue;
    const edits = distance(lower, one.toLowerCase());
    if (edits > least || (edits === least && nearest !== undefined)) continue;
    nearest = one;
    least = edits;
  }
  return nearest;
}

/** Number of characters to add, remove or replace in one text to get the other (Levenshtein, 1966). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const replaced = (row[j] as number) + (from[i] === to[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
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
