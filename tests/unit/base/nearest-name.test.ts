import { nearestName, suggestion } from '../../../src/base/options/nearest-name.js';

const NAMES = ['ttl', 'keyPrefix', 'maxMemoryItems', 'maxMemoryBytes'];

describe('the nearest name', () => {
  it.each([
    ['ttl', 0, 'ttl'],
    ['TTL', 0, 'ttl'],
    ['tll', 1, 'ttl'],
    ['tl', 1, 'ttl'],
    ['ttxl', 1, 'ttl'],
    ['tll', 0, undefined],
    ['keyprefx', 1, 'keyPrefix'],
    ['eyPrefixs', 1, undefined],
    ['eyPrefixs', 2, 'keyPrefix'],
    ['maxMemorySize', 4, 'maxMemoryItems'],
    ['', 3, 'ttl'],
    ['', 2, undefined],
  ])('of %p within %d edits is %p', (name, tolerance, expected) => {
    expect(nearestName(name, NAMES, tolerance)).toBe(expected);
  });

  it('is the first of two that are as near', () => {
    expect(nearestName('b', ['a', 'c'], 1)).toBe('a');
  });

  it('is found at once, however long the text', () => {
    expect(nearestName('x'.repeat(10_000_000), NAMES, 2)).toBeUndefined();
    expect(suggestion('x'.repeat(1_000_000), NAMES)).toMatch(/^Known are ttl, /);
  });
});
