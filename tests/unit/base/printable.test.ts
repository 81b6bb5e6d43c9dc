import { printable } from '../../../src/base/errors/printable.js';

describe('printable', () => {
  it('leaves text as it is', () => {
    expect(printable('Grüße, 世界 👋 %0a')).toBe('Grüße, 世界 👋 %0a');
  });

  it.each([
    ['line breaks', 'a\r\nb\tc', 'a\\r\\nb\\tc'],
    ['terminal escapes', '\u001B[31mred\u009B0m', '\\x1b[31mred\\x9b0m'],
    ['other line separators', 'a\u2028b\u2029c\u0085d', 'a\\u2028b\\u2029c\\x85d'],
    ['marks of direction', 'a\u202Eb\u2066c', 'a\\u202eb\\u2066c'],
    ['halves of characters, and nothing', 'a\uD800b\u0000', 'a\\ud800b\\x00'],
  ])('spells out %s', (_, text, expected) => {
    expect(printable(text)).toBe(expected);
  });
});
