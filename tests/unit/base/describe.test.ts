import { runInNewContext } from 'node:vm';

import { describe as rendered } from '../../../src/base/describe.js';

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

  it.each<[object, string]>([
    [Object.create(null) as object, 'an object'],
    [runInNewContext('({})') as object, 'an object'],
    [new Map(), 'an instance of Map'],
    [new (class extends Map<string, string> {})(), 'an instance of a class'],
    [Object.create({ constructor: 5 }) as object, 'an instance of a class'],
  ])('is named by its class: %#', (value, shown) => {
    expect(rendered(value)).toBe(shown);
  });
});
