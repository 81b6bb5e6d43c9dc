/**
 * Clean-up of a test: each function is called after it, in reverse order.
 *
 * @returns A list for the functions.
 */
export function closedAfterEach(): (() => unknown)[] {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  return closing;
}
