import { redacted } from '../../../src/base/errors/redact.js';

describe('redacted', () => {
  it.each([
    ['redis://user:secret@host:6379/0', 'secret'],
    ['cannot reach redis://:secret@host, nor rediss://secret@other', 'secret'],
    ["'user:secret@host'", 'secret'],
  ])('takes credentials out of %s', (text, secret) => {
    expect(redacted(text)).not.toContain(secret);
    expect(redacted(text)).toContain('host');
  });

  it('leaves a text alone that has none', () => {
    expect(redacted('redis://host:6379/0 is away')).toBe('redis://host:6379/0 is away');
  });

  it('takes linear time', () => {
    // Minutes if every character were the beginning of a search.
    const start = performance.now();
    expect(redacted('x'.repeat(3_000_000))).toHaveLength(3_000_000);
    expect(performance.now() - start).toBeLessThan(30_000);
  });
});
