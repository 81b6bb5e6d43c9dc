/*
 * Loaded by `--import`, before anything else: notes every program that is made from text, whether or
 * not that succeeds, by our code or by a dependency.
 */
const made: string[] = [];

function trapped<T extends object>(maker: T): T {
  const note = (words: readonly unknown[]): void => {
    const { stack = '' } = new Error(words.map(String).join(', ').slice(0, 100));
    made.push(stack);
  };
  return new Proxy(maker, {
    apply(target, self, words) {
      note(words);
      return Reflect.apply(target as (...all: unknown[]) => unknown, self, words);
    },
    construct(target, words, newTarget) {
      note(words);
      return Reflect.construct(target as never, words, newTarget) as object;
    },
  });
}

const kinds = [
  function () {},
  async function () {},
  function* () {},
  async function* () {},
] as const;

for (const kind of kinds) {
  const prototype = Object.getPrototypeOf(kind) as { constructor: object };
  const constructor = trapped(prototype.constructor);
  Object.defineProperty(prototype, 'constructor', { value: constructor, configurable: true });
  if (kind === kinds[0]) globalThis.Function = constructor as FunctionConstructor;
}
globalThis.eval = trapped(globalThis.eval);
Object.assign(globalThis, { codeMade: made });
