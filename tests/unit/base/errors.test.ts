import { runInNewContext } from 'node:vm';

import { CacheManager } from 'aurora-cache';

import type * as errors from '../../../src/base/errors/errors.js';
import {
  CacheError,
  CacheKeyError,
  ConfigurationError,
  isCacheError,
  LoadTimeoutError,
  SerializationError,
  StoreError,
} from '../../../src/base/errors/errors.js';

const cause = new Error('cause');

describe('every error of the package', () => {
  // The codes are public: changing one of them is a breaking change.
  it.each<[string, string, string, CacheError]>([
    ['ConfigurationError', 'ERR_CONFIGURATION', 'm', new ConfigurationError('m', { cause })],
    ['CacheKeyError', 'ERR_CACHE_KEY', 'm', new CacheKeyError('m', { cause })],
    ['SerializationError', 'ERR_SERIALIZATION', 'm', new SerializationError('m', { cause })],
    ['StoreError', 'ERR_STORE', 'm', new StoreError('set', 'm', { cause })],
    [
      'LoadTimeoutError',
      'ERR_LOAD_TIMEOUT',
      "The load of 'user:1' took longer than 2000 ms.",
      new LoadTimeoutError('user:1', 2000),
    ],
  ])('has its name, code and message: %s %s', (name, code, message, error) => {
    expect(error).toBeInstanceOf(CacheError);
    expect(error).toBeInstanceOf(Error);
    expect({ name: error.name, code: error.code }).toEqual({ name, code });
    expect(error.message).toBe(message);
    expect(String(error)).toBe(`${name}: ${message}`);
    expect(error.stack).toContain('errors.test');
    expect(isCacheError(error)).toBe(true);
  });

  it('keeps its cause, and has none where none was given', () => {
    expect(new ConfigurationError('m', { cause }).cause).toBe(cause);
    expect(new CacheKeyError('m', { cause }).cause).toBe(cause);
    expect(new SerializationError('m', { cause }).cause).toBe(cause);
    expect(new StoreError('set', 'm', { cause }).cause).toBe(cause);
    expect('cause' in new CacheKeyError('m')).toBe(false);
  });

  it('has a message of one line, with any values in it', () => {
    expect(() => new CacheManager({ defaultTtl: 'a\nb\u001B[2J' as never })).toThrow(
      'a\\nb\\x1b[2J',
    );
    expect(() => new CacheManager({ 'x\ry': 1 } as never)).toThrow("no option 'x\\ry'");
    expect(new LoadTimeoutError('k\n', 5).message).toContain("'k\\n'");
  });

  it('says what it was about', () => {
    expect(new StoreError('set', 'm').operation).toBe('set');
    expect(new LoadTimeoutError('user:1', 2000)).toMatchObject({ key: 'user:1', timeoutMs: 2000 });
  });
});

describe('isCacheError', () => {
  it('knows the errors of another copy of the package', async () => {
    let copy: typeof errors | undefined;
    await jest.isolateModulesAsync(async () => {
      copy = await import('../../../src/base/errors/errors.js');
    });
    const foreign: unknown = new copy!.CacheKeyError('m');
    expect(foreign).not.toBeInstanceOf(CacheError);
    expect(isCacheError(foreign)).toBe(true);
    expect(copy!.isCacheError(new StoreError('get', 'm'))).toBe(true);
  });

  it('knows the errors of another realm', () => {
    const source =
      "Object.defineProperty(new Error('m'), Symbol.for('aurora-cache.error'), { value: true })";
    expect(isCacheError(runInNewContext(source))).toBe(true);
  });

  it.each<[string, unknown]>([
    ['an error of others', new Error('m')],
    ['one that only has a code', Object.assign(new Error('m'), { code: 'ERR_STORE' })],
    ['an error that wraps one of this package', new Error('m', { cause: new CacheKeyError('m') })],
    ['undefined', undefined],
    ['null', null],
    ['a text', 'ERR_STORE'],
    ['an object', {}],
    ['a function', () => 1],
  ])('does not know %s', (_, error) => {
    expect(isCacheError(error)).toBe(false);
  });
});
