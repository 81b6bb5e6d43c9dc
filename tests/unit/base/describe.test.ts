import { describe as rendered } from '../../../src/base/errors/describe.js';

describe('a bad value in a message', () => {
  it('is cut short, and never shows what an object contains', () => {
    expect(rendered('x'.repeat(61))).toBe(`'${'x'.repeat(60)}…'`);
    expect(rendered('x'.repeat(60))).toBe(`'${'x'.repeat(60)}'`);
    expect(rendered({ password: 'secret', toString: () => 'secret' })).toBe('an object');
  });

  it('does not show the credentials of a URL, however long', () => {
    expect(rendered('redis://user:secret@host')).toBe("'***@host'");
    expect(rendered(`redis://user:${'secret'.repeat(20)}@host`)).toBe("'***@host'");
  });
});
