import * as fc from 'fast-check';

import { readEnvelope, writeEnvelope } from '../../../src/store/codec/envelope.js';

const envelope = fc
  .record({
    payload: fc.string({ unit: 'binary' }),
    createdAt: fc.maxSafeInteger(),
    freshUntil: fc.maxSafeInteger(),
    grace: fc.nat(),
    tagClock: fc.maxSafeInteger(),
    tags: fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 }),
  })
  .map(({ grace, ...rest }) => ({ ...rest, staleUntil: rest.freshUntil + grace }))
  .filter(({ staleUntil }) => Number.isSafeInteger(staleUntil));

describe('the envelope', () => {
  it('round-trips for arbitrary tags and payloads', () => {
    fc.assert(
      fc.property(envelope, (written) => {
        const read = readEnvelope(writeEnvelope(written));
        // JSON knows no -0.
        expect(read && JSON.stringify(read, Object.keys(read).sort())).toEqual(
          JSON.stringify(written, Object.keys(written).sort()),
        );
      }),
    );
  });

  it('has the documented format, which other versions recognise', () => {
    const text = writeEnvelope({
      payload: 'j{"id":1}',
      createdAt: 1,
      freshUntil: 2,
      staleUntil: 3,
      tagClock: 4,
      tags: ['tag'],
    });
    expect(text).toBe('A1[1,2,3,4,["tag"]]\nj{"id":1}');
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a buffer', Buffer.from('A1[1,2,3,4,[]]\nj1')],
    ['an object', { value: 1 }],
    ['an empty text', ''],
    ['another version', 'A2[1,2,3,4,[]]\nj1'],
    ['no version', '[1,2,3,4,[]]\nj1'],
    ['no line break', 'A1[1,2,3,4,[]]j1'],
    ['a header that is no JSON', 'A1[1,2,3,4,[]\nj1'],
    ['a header that is no array', 'A1{"0":1}\nj1'],
    ['a header that is null', 'A1null\nj1'],
    ['a time that is a text', 'A1["1",2,3,4,[]]\nj1'],
    ['a time that is missing', 'A1[1,2,3,[]]\nj1'],
    ['a time beyond all numbers', 'A1[1,2,1e999,4,[]]\nj1'],
    ['a grace that ends before the life', 'A1[1,3,2,4,[]]\nj1'],
    ['tags that are no array', 'A1[1,2,3,4,"tag"]\nj1'],
    ['a tag that is no text', 'A1[1,2,3,4,[1]]\nj1'],
  ])('%s is not one', (_, stored) => {
    expect(readEnvelope(stored)).toBeUndefined();
  });

  it('damaged anywhere, is read or is none, and never throws', () => {
    fc.assert(
      fc.property(envelope, fc.nat(200), fc.string({ maxLength: 3 }), (written, at, noise) => {
        const text = writeEnvelope(written);
        const read = readEnvelope(text.slice(0, at) + noise + text.slice(at + noise.length));
        if (read !== undefined) expect(read.freshUntil).toBeLessThanOrEqual(read.staleUntil);
      }),
    );
  });
});
