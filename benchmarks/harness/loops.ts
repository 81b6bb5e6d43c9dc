import { compileFunction } from 'node:vm';

/*
 * Each contestant gets a separately compiled loop: in a shared loop, the call site would be megamorphic,
 * and no contestant would be measured as it runs in a service.
 */

const loop = (code: string, names: string[], values: unknown[]): ((times: number) => unknown) =>
  (compileFunction(code, names) as (...values: unknown[]) => (times: number) => unknown)(...values);

/** Awaits a call for each of the items, one after the other, round and round. */
export function oneByOne<T>(
  items: readonly T[],
  call: (item: T) => unknown,
): (times: number) => unknown {
  return loop(
    `const { length } = items;
    return async (times) => { for (let i = 0; i < times; i++) await call(items[i % length]); };`,
    ['items', 'call'],
    [items, call],
  );
}

/** Calls for each of the items, and counts what came back, so that no call can be left out. */
export function synchronous<T>(
  items: readonly T[],
  call: (item: T) => unknown,
): (times: number) => unknown {
  return loop(
    `const { length } = items;
    return (times) => {
      let found = 0;
      for (let i = 0; i < times; i++) if (call(items[i % length]) !== undefined) found++;
      return found;
    };`,
    ['items', 'call'],
    [items, call],
  );
}

/** Keeps `width` calls under way until all have been made. */
export function inFlight<T>(
  width: number,
  items: readonly T[],
  call: (item: T) => Promise<unknown>,
): (times: number) => unknown {
  return loop(
    `const { length } = items;
    return async (times) => {
      let made = 0;
      const caller = async () => { while (made < times) await call(items[made++ % length]); };
      await Promise.all(Array.from({ length: width }, caller));
    };`,
    ['width', 'items', 'call'],
    [width, items, call],
  );
}
