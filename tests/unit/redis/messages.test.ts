import {
  encode,
  encodeTags,
  messagesAboutKeysOf,
  parse,
  type Message,
} from '../../../src/redis/bus/messages.js';

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

  it.each<[string, Message, boolean]>([
    ...(['set', 'delete', 'fill', 'release'] as const).map((kind): [string, Message, boolean] => [
      kind,
      { kind, key: 'key' },
      true,
    ]),
    ...(['changed', 'filled'] as const).map((kind): [string, Message, boolean] => [
      kind,
      { kind, keys: ['a', '"b'] },
      true,
    ]),
    ['tags', { kind: 'tags', tags: ['set'], version: 1 }, false],
    ['clear', { kind: 'clear', patterns: ['set'] }, false],
    ['floor', { kind: 'floor', floor: 1 }, false],
    ['probe', { kind: 'probe', id: 1 }, false],
  ])('of the kind %s are recognised as about keys, or not', (_, message, isAboutKeys) => {
    const isOwn = messagesAboutKeysOf('the "same" one');
    expect(isOwn(encode('the "same" one', message))).toBe(isAboutKeys);
    expect(isOwn(encode('another', message))).toBe(false);
    expect(isOwn(encode('the "same" one:2', message))).toBe(false);
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
