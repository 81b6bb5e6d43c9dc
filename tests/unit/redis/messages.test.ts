import { encode, encodeTags, parse, type Message } from '../../../src/redis/messages.js';

describe('Messages', () => {
  it.each<Message>([
    { kind: 'set', key: 'größe:"\\\u2028' },
    { kind: 'delete', key: 'key' },
    { kind: 'fill', key: 'key' },
    { kind: 'release', key: '' },
    { kind: 'tags', tags: ['a', '"b"'], version: 1_700_000_000_000_001 },
    { kind: 'clear', patterns: ['a*', '\\['] },
    { kind: 'probe', id: 7 },
  ])('arrive as they were sent: $kind', (message) => {
    expect(parse(encode('me', message))).toEqual({ v: 1, origin: 'me', ...message });
  });

  it('with tags take their version in between', () => {
    const [head, tail] = encodeTags('me', ['"}']);
    expect(parse(`${head}1700000000000001${tail}`)).toEqual({
      ...{ v: 1, origin: 'me', kind: 'tags' },
      ...{ tags: ['"}'], version: 1_700_000_000_000_001 },
    });
  });

  // As the first release sends them: caches of several versions share a channel while one is rolled
  // out.
  it('read as they did in the first version', () => {
    expect(encode('me', { kind: 'set', key: 'key' })).toBe(
      '{"v":1,"origin":"me","kind":"set","key":"key"}',
    );
    expect(encodeTags('me', ['a'])).toEqual([
      '{"v":1,"origin":"me","kind":"tags","tags":["a"],"version":',
      '}',
    ]);
  });
});
