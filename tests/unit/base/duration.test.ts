import { toMilliseconds } from '../../../src/base/time/duration.js';
import { ConfigurationError } from '../../../src/base/errors/errors.js';

let warnings: jest.SpyInstance;
beforeEach(() => {
  warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

describe('a duration', () => {
  it.each<[unknown, number]>([
    ['1ms', 1],
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['1.5s', 1500],
    ['0.5h', 1_800_000],
    ['0250ms', 250],
    [1, 1000],
    [300, 300_000],
    [0.5, 500],
    [1.0004, 1000],
    [1.0006, 1001],
    ['36500d', 36_500 * 86_400_000],
    [36_500 * 86_400, 36_500 * 86_400_000],
  ])('of %p is %p milliseconds', (duration, ms) => {
    expect(toMilliseconds(duration, 'ttl')).toBe(ms);
  });

  it.each([0.0001, '0.1ms', Number.MIN_VALUE])('of %p lasts a millisecond at least', (duration) => {
    expect(toMilliseconds(duration, 'ttl')).toBe(1);
  });

  it.each<[unknown, string]>([
    [0, '0'],
    [-0, '0'],
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
    [-1, '-1'],
    ['5', "'5'"],
    ['-5s', "'-5s'"],
    ['+5s', "'+5s'"],
    ['0s', "'0s'"],
    ['1e3s', "'1e3s'"],
    ['soon', "'soon'"],
    ['', "''"],
    ['s', "'s'"],
    ['5 s', "'5 s'"],
    [' 5s', "' 5s'"],
    ['5s\n', "'5s\\n'"],
    ['5S', "'5S'"],
    ['5sec', "'5sec'"],
    ['1h30m', "'1h30m'"],
    ['.5s', "'.5s'"],
    ['5.s', "'5.s'"],
    ['1,5s', "'1,5s'"],
    ['0x10s', "'0x10s'"],
    ['٣s', "'٣s'"],
    ['36501d', "'36501d'"],
    [`${'9'.repeat(400)}s`, `'${'9'.repeat(60)}…'`],
    [101 * 365 * 86_400, '3185136000'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{}, 'an object'],
    [[5], 'an array'],
    [5n, '5n'],
    [true, 'true'],
    [() => 5, 'a function'],
    [Symbol('s'), 'a symbol'],
    [new Date(0), 'an object'],
  ])('cannot be %p', (duration, shown) => {
    const convert = () => toMilliseconds(duration, '@Cached: ttl');
    expect(convert).toThrow(ConfigurationError);
    expect(convert).toThrow(
      '@Cached: ttl must be a positive number of seconds or a string such as ' +
        `'250ms', '30s', '5m', '1h' or '7d' (at most 100 years); got ${shown}.`,
    );
  });
});

describe('a number that looks like milliseconds', () => {
  it('warns once per option and value, and counts as seconds', () => {
    for (let i = 0; i < 3; i++) expect(toMilliseconds(60_000, 'grace')).toBe(60_000_000);
    expect(warnings).toHaveBeenCalledTimes(1);
    expect(warnings).toHaveBeenCalledWith(
      "grace is 60000, and numbers are seconds: that is 16.7 hours. If milliseconds are meant, write '60000ms'.",
      { type: 'AuroraCacheWarning', code: 'AURORA_DURATION_UNIT' },
    );
    toMilliseconds(60_000, 'lease');
    toMilliseconds(61_000, 'grace');
    expect(warnings).toHaveBeenCalledTimes(3);
  });

  it.each([10_001, 9000, 86_400, 604_800, 12_345.678, '60000s', '60000ms'])(
    'is not %p, which warns of nothing',
    (duration) => {
      toMilliseconds(duration, 'ttl');
      expect(warnings).not.toHaveBeenCalled();
    },
  );
});
