import fc from 'fast-check';

import { CacheKeyError } from '../../../src/base/errors/errors.js';
import { keyOfCall } from '../../../src/base/keys/key.js';

const keyOf = (...args: unknown[]): string => keyOfCall('user', args, 'getUser');
const template = (strings: TemplateStringsArray, ..._values: unknown[]): TemplateStringsArray =>
  strings;
const hidden = <T extends object>(target: T, name: PropertyKey, value: unknown): T =>
  Object.defineProperty(target, name, { value, configurable: true });

/** Objects that can have properties besides their content. */
const bases: readonly (readonly [string, () => object])[] = [
  ['an array', () => [1, 'x']],
  ['an empty array', () => []],
  ['a long array', () => Array.from({ length: 100 }, (_, i) => i)],
  ['an array with parts', () => [[1], { a: 1 }]],
  ['an array of undefined', () => [undefined, 1]],
  ['a Date', () => new Date(5)],
  ['a Map', () => new Map([['a', 1]])],
  ['a Set', () => new Set([1])],
  ['bytes', () => Uint8Array.of(1, 2)],
  ['many bytes', () => new Uint8Array(2000)],
  ['a Buffer', () => Buffer.from('text')],
  ['a long Buffer', () => Buffer.alloc(2000)],
  ['a DataView', () => new DataView(new ArrayBuffer(2))],
  ['an ArrayBuffer', () => new ArrayBuffer(2)],
  ['a URL', () => new URL('https://a.example/')],
];

describe.each([...bases, ['a record', () => ({ b: 1 })] as const])('%s', (_, make) => {
  it('with own properties has a distinct key, for every name and value', () => {
    const variants = [
      make(),
      Object.assign(make(), { order: 'asc' }),
      Object.assign(make(), { order: 'desc' }),
      Object.assign(make(), { order: undefined }),
      Object.assign(make(), { other: 'asc' }),
      Object.assign(make(), { order: 'asc', other: 'asc' }),
      hidden(make(), 'order', 'asc'),
      hidden(make(), 'order', ['asc']),
      hidden(Object.assign(make(), { order: 'asc' }), 'other', 'asc'),
      Object.assign(hidden(make(), 'order', 'asc'), { other: 'asc' }),
      Object.assign(make(), { '01': 1 }),
      hidden(make(), ' more items, [length', 100),
      [make(), { order: 'asc' }],
      [make()],
      { value: make(), order: 'asc' },
    ];
    // Typed arrays ignore what is set under the name of a number.
    if (!ArrayBuffer.isView(make())) variants.push(Object.assign(make(), { '-1': 1 }));
    const keys = variants.map((variant) => keyOf(variant));
    expect(new Set(keys).size).toBe(variants.length);
    const nested = variants.map((variant) => keyOf({ in: [variant] }));
    expect(new Set(nested).size).toBe(variants.length);
    expect(keyOf(Object.assign(make(), { b: 1, a: 2 }))).toBe(
      keyOf(Object.assign(make(), { a: 2, b: 1 })),
    );
  });

  it.each<[string, (target: object) => object, RegExp]>([
    ['named by symbols', (target) => Object.assign(target, { [Symbol('s')]: 1 }), /symbols/],
    ['hidden by symbols', (target) => hidden(target, Symbol.for('s'), 1), /symbols/],
    ['that are functions', (target) => hidden(target, 'fn', () => 1), /function/],
    [
      'that are hidden getters',
      (target) => Object.defineProperty(target, 'lazy', { get: () => 1 }),
      /its property lazy is a getter/,
    ],
  ])('with properties %s is refused', (__, change, message) => {
    expect(() => keyOf(change(make()))).toThrow(CacheKeyError);
    expect(() => keyOf([change(make())])).toThrow(message);
  });
});

describe('what the text of elements alone would lose', () => {
  it('a tagged template: equal strings with different raw ones', () => {
    expect(keyOf(template`a\u0041${1}`)).not.toBe(keyOf(template`aA${1}`));
    const twice = [template`x\n${1}`, template`x\n${2}`];
    expect(keyOf(twice[0])).toBe(keyOf(twice[1]));
  });

  it('the result of a regular expression: where it was found, and in what', () => {
    const keys = ['ab', 'xab', 'abx'].map((text) => keyOf(/ab/.exec(text)));
    expect(new Set(keys).size).toBe(3);
    expect(keyOf(/ab/.exec('ab'))).toBe(keys[0]);
  });

  it('a record that hides toCacheKey or toJSON is spelt by it', () => {
    const first = hidden({ noise: 1 }, 'toCacheKey', () => 7);
    expect(keyOf(first)).toBe(keyOf(hidden({ noise: 2 }, 'toCacheKey', () => 7)));
    expect(keyOf(first)).not.toBe(keyOf(hidden({ noise: 1 }, 'toCacheKey', () => 8)));
  });

  it('shared memory is not memory', () => {
    expect(keyOf(new SharedArrayBuffer(2))).not.toBe(keyOf(new ArrayBuffer(2)));
  });
});

describe('over generated values', () => {
  const name = fc.constantFrom('a', 'b', 'raw', 'length2', '0x', '+', '-', "'", '(', '=', '_');
  const leaf = fc.constantFrom<unknown>(
    1,
    '1',
    'x',
    '+(a=1)',
    '-(a=1)',
    '_',
    undefined,
    null,
    true,
  );
  interface Spec {
    readonly base: number;
    readonly own: readonly (readonly [string, unknown])[];
    readonly secret: readonly (readonly [string, unknown])[];
  }
  const pairs = fc.uniqueArray(fc.tuple(name, leaf), { maxLength: 2, selector: ([one]) => one });
  const spec: fc.Arbitrary<Spec> = fc.record({
    base: fc.nat({ max: bases.length - 1 }),
    own: pairs,
    secret: pairs,
  });
  const built = ({ base, own, secret }: Spec): object => {
    const target = (bases[base] as (typeof bases)[number])[1]();
    for (const [key, value] of secret) hidden(target, key, value);
    for (const [key, value] of own) {
      Object.defineProperty(target, key, { value, enumerable: true, configurable: true });
    }
    return target;
  };
  /** A name that is given twice is what it was made last. */
  const identity = ({ base, own, secret }: Spec): string => {
    const names = new Set(own.map(([key]) => key));
    const rest = secret.filter(([key]) => !names.has(key));
    const sorted = (list: Spec['own']) =>
      [...list].sort(([one], [other]) => (one < other ? -1 : 1)).map((pair) => fc.stringify(pair));
    return [String(base), ...sorted(own), '|', ...sorted(rest)].join();
  };

  it('different argument lists never share a key, and equal ones always do', () => {
    const list = fc.array(spec, { maxLength: 3 });
    fc.assert(
      fc.property(list, list, (one, other) => {
        const same = one.map(identity).join(';') === other.map(identity).join(';');
        expect(keyOf(...one.map(built)) === keyOf(...other.map(built))).toBe(same);
        expect(keyOf(one.map(built)) === keyOf(other.map(built))).toBe(same);
        expect(keyOf(...one.map(built))).toBe(keyOf(...one.map(built)));
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(spec, spec, (one, other) => {
        expect(keyOf(built(one)) === keyOf(built(other))).toBe(identity(one) === identity(other));
      }),
      { numRuns: 2000 },
    );
  });
});
