import { on } from 'node:events';
import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import { ReadableStream, TransformStream, WritableStream } from 'node:stream/web';

import { spentPart } from '../../../src/base/values/spent.js';

function* numbers(): Generator<number> {
  yield 1;
}
async function* pages(): AsyncGenerator<number> {
  await Promise.resolve();
  yield 1;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe('what can be read only once is found', () => {
  it.each<[string, () => unknown]>([
    ['a generator', numbers],
    ['an async generator', pages],
    ['the iterator of an array', () => [1].values()],
    ['that of a Map', () => new Map([[1, 2]]).entries()],
    ['the matches of a pattern', () => 'a'.matchAll(/a/g)],
    ['a hand-written iterator', () => ({ next: () => ({ done: true, value: 1 }) })],
    ['a Readable', () => Readable.from([1])],
    ['a Duplex', () => new Duplex()],
    ['a PassThrough', () => new PassThrough()],
    ['a Writable', () => new Writable()],
    ['a web stream', () => new ReadableStream()],
    ['its reader', () => new ReadableStream().getReader()],
    ['a web stream to write to', () => new WritableStream()],
    ['one that transforms', () => new TransformStream()],
    ['a Response', () => new Response('text')],
    ['a Request', () => new Request('http://localhost/')],
    ['a stream in the body', () => ({ status: 200, body: Readable.from([1]) })],
    ['a Response among others', () => [1, new Response('text')]],
    ['a generator three levels down', () => ({ a: [{ b: numbers() }] })],
  ])('%s', (_, make) => {
    expect(spentPart(make())).toEqual(expect.any(String));
  });

  it('the iterator of events', () => {
    expect(spentPart(on(new PassThrough(), 'data'))).toBe('an async iterator');
  });
});

describe('what only looks like it is not', () => {
  class Node {
    value = 1;
    next(): Node {
      return this;
    }
  }
  class Paged extends Array<number> {}

  it.each<[string, unknown]>([
    ['nothing', null],
    ['a text', 'next'],
    ['a function', numbers],
    ['an array', [1, 2]],
    ['a class of arrays', Paged.from([1])],
    ['a Map', new Map([['next', 1]])],
    ['a Set', new Set([1])],
    ['a Buffer', Buffer.from('a')],
    ['a typed array', new Float64Array(3)],
    ['a Date', new Date(0)],
    ['an error', new Error('x')],
    ['a Blob', new Blob(['a'])],
    ['a URL', new URL('http://localhost/')],
    ['Headers', new Headers()],
    ['a record with a field next', { items: [], next: '/page/2' }],
    ['a page that fetches the next one', { items: [], next: () => Promise.resolve(1) }],
    ['a node of a list', new Node()],
    ['an observable', { pipe: () => 1, subscribe: () => 1 }],
    [
      'an object that throws',
      Object.defineProperty({}, 'next', {
        get: () => {
          throw new Error('x');
        },
      }),
    ],
    [
      'a record whose getter throws',
      {
        get total(): number {
          throw new Error('x');
        },
      },
    ],
    ['a proxy that is revoked', revoked()],
    ['one among others', [{ proxy: revoked() }]],
    ['a sparse array', Object.assign([], { length: 4_000_000_000 })],
    ['a wide record', Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, i]))],
  ])('%s', (_, value) => {
    expect(spentPart(value)).toBeUndefined();
  });

  it('a cycle', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(spentPart(cycle)).toBeUndefined();
  });
});
