import { ConfigurationError } from '../../../src/base/errors/errors.js';
import {
  checkOptions,
  isAnything,
  isBoolean,
  isDuration,
  isEither,
  isFunction,
  isIntegerIn,
  isName,
  isObject,
} from '../../../src/base/options/options.js';

const CHECKS = {
  ttl: isDuration,
  maxMemoryItems: isIntegerIn(1, 10),
  keyPrefix: isName,
  enabled: isBoolean,
};
const check = (options: unknown): void => {
  checkOptions('@Cached', options as object, CHECKS);
};

/** The message of the error that `options` cause, or `undefined`. */
function complaint(options: unknown): string | undefined {
  try {
    check(options);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message;
  }
}

describe('options', () => {
  it.each<[string, object]>([
    ['none', {}],
    ['all', { ttl: '5m', maxMemoryItems: 10, keyPrefix: 'user', enabled: false }],
    ['undefined ones, which count as absent', { ttl: undefined, enabled: undefined }],
    ['a record without prototype', Object.assign(Object.create(null), { ttl: 1 })],
  ])('may be %s', (_, options) => {
    expect(complaint(options)).toBeUndefined();
  });

  it.each<[string, string]>([
    ['tll', 'ttl'],
    ['TTL', 'ttl'],
    ['keyprefix', 'keyPrefix'],
    ['prefixKey', 'keyPrefix'],
    ['maxMemoryItem', 'maxMemoryItems'],
    ['maxItems', 'maxMemoryItems'],
    ['enable', 'enabled'],
  ])('of an unknown name are refused: %s', (name, nearest) => {
    const message = complaint({ [name]: 1 }) ?? '';
    expect(message).toMatch(new RegExp(`^@Cached: there is no option '${name}'\\. `));
    // Either way the reader learns the right name.
    expect(message).toContain(nearest);
  });

  it('of a near name are refused with that name', () => {
    expect(complaint({ maxmemoryitms: 1 })).toBe(
      "@Cached: there is no option 'maxmemoryitms'. Did you mean 'maxMemoryItems'?",
    );
  });

  it('of a far name are refused with all the names there are', () => {
    expect(complaint({ compressionLevel: 1 })).toBe(
      "@Cached: there is no option 'compressionLevel'. " +
        'Known are ttl, maxMemoryItems, keyPrefix, enabled.',
    );
  });

  it.each(['constructor', 'toString', 'hasOwnProperty', '', '__proto__'])(
    'are not known for what every object inherits: %j',
    (name) => {
      expect(complaint(JSON.parse(`{${JSON.stringify(name)}:1}`))).toContain('there is no option');
    },
  );

  it.each<[object, string]>([
    [{ maxMemoryItems: 11 }, 'maxMemoryItems must be a whole number from 1 to 10; got 11.'],
    [{ keyPrefix: '' }, "keyPrefix must be a string of 1 to 100 characters; got ''."],
    [{ enabled: null }, 'enabled must be true or false; got null.'],
    [{ ttl: 'soon' }, 'ttl must be a positive number of seconds'],
  ])('of a bad value are refused: %p', (options, message) => {
    expect(complaint(options)).toContain(`@Cached: ${message}`);
  });

  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    [300, '300'],
    ['5m', "'5m'"],
    [[], 'an array'],
    [() => 1, 'a function'],
  ])('must be an object, and not %p', (options, shown) => {
    expect(complaint(options)).toBe(`@Cached: options must be an object; got ${shown}.`);
  });
});

describe('the check', () => {
  it.each<[string, ReturnType<typeof isIntegerIn>, unknown[], unknown[]]>([
    ['isFunction', isFunction, [() => 1, class {}], [null, {}, 'f']],
    ['isBoolean', isBoolean, [true, false], [0, 'true', null]],
    ['isObject', isObject, [{}, []], [null, 'a', () => 1]],
    ['isName', isName, ['a', 'x'.repeat(100)], ['', 'x'.repeat(101), 5, null]],
    ['isIntegerIn', isIntegerIn(0, 5), [0, 5], [-1, 6, 1.5, NaN, '1', 1n]],
    ['isAnything', isAnything, [null, 0, {}], []],
    ['isEither', isEither(isBoolean, isFunction), [true, () => 1], [1, null]],
  ])('%s tells good values from bad', (_, isGood, good, bad) => {
    expect(good.filter((value) => isGood(value, 'option') !== undefined)).toEqual([]);
    expect(bad.filter((value) => isGood(value, 'option') === undefined)).toEqual([]);
  });

  it('isEither says everything that is allowed', () => {
    const isSwitch = isEither(isBoolean, isFunction);
    expect(isSwitch(1, 'option')).toBe('true or false or a function');
  });

  it('isEither does not try what stands behind the first fit', () => {
    expect(isEither(isFunction, isDuration)(() => 1, 'ttl')).toBeUndefined();
  });
});
