/**
 * How long anything may take that is waited for. It costs nothing where things are quick, and a busy
 * machine takes its time.
 */
export const PATIENCE_MS = 60_000;

/** Between two looks. */
const LOOK_MS = 20;

/**
 * Waits for a condition, which is how a test waits for anything: it looks again and again until the
 * answer is yes.
 *
 * @param what - What it waits for, for the error when it has waited in vain.
 */
export async function until(
  what: string,
  holds: () => Promise<boolean>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Waited in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
