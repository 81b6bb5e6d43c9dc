import { BatchSize } from '../../../src/store/codec/batch-size.js';

const afterReading = (...values: unknown[]): number => {
  const size = new BatchSize();
  for (const value of values) size.record(value);
  return size.limit;
};

describe('the size of a batch', () => {
  it('is 128 keys, before anything is known and while values are small', () => {
    expect(afterReading()).toBe(128);
    expect(afterReading(...Array.from({ length: 100 }, () => 'x'.repeat(1000)))).toBe(128);
  });

  it('is the number of large values that make up 750,000 characters', () => {
    expect(afterReading(...Array.from({ length: 200 }, () => 'x'.repeat(50_000)))).toBe(15);
  });

  it('is one key at least, however large the values', () => {
    expect(afterReading(...Array.from({ length: 200 }, () => 'x'.repeat(2_000_000)))).toBe(1);
  });

  it('grows again when values become small', () => {
    const large = Array.from({ length: 200 }, () => 'x'.repeat(50_000));
    const small = Array.from({ length: 200 }, () => 'x');
    expect(afterReading(...large, ...small)).toBe(128);
  });

  it('does not count what is missing or no text', () => {
    expect(afterReading(...Array.from({ length: 200 }, () => undefined), null, {})).toBe(128);
  });
});
