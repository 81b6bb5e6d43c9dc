/**
 * What a test has opened: each function is called after the test, the last one first.
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
