/* Values that can be read only once are refused by every API that stores results, in both modes. */
import { Readable } from 'node:stream';

import { Cached, cached, CachePut, getCache, Memoized, memoized, Timed, timed } from 'aurora-cache';

interface Row {
  readonly id: number;
  /** A field, which is not what makes an iterator. */
  readonly next: Row | undefined;
}
declare const row: Row;

class Refused {
  // @ts-expect-error -- a Response has one body
  @Cached()
  async response(url: string): Promise<Response> {
    return await fetch(url);
  }

  // @ts-expect-error -- or none
  @Cached()
  async perhaps(url: string): Promise<Response | undefined> {
    return undefined;
  }

  // @ts-expect-error -- a stream is read once
  @CachePut()
  async stream(): Promise<Readable> {
    return Readable.from([]);
  }

  // @ts-expect-error -- so is a generator
  @Memoized()
  *rows(): Generator<Row> {
    yield row;
  }

  // @ts-expect-error -- and an iterator
  @Memoized()
  values(): IterableIterator<Row> {
    return [row].values();
  }

  // @ts-expect-error -- and an asynchronous one
  @Memoized()
  async *pages(): AsyncGenerator<Row> {
    yield row;
  }
}

const web = cached(async () => new ReadableStream<string>(), { name: 'web' });
// @ts-expect-error -- a web stream
void web();
const numbers = memoized(function* numbers() {
  yield 1;
});
// @ts-expect-error -- a generator
numbers();

// Allowed.

class Repository<T> {
  constructor(private readonly value: T) {}

  @Cached()
  async find(id: number): Promise<T> {
    return this.value;
  }

  @CachePut()
  async save(): Promise<this> {
    return this;
  }

  @Cached()
  async fails(): Promise<never> {
    throw new Error('always');
  }

  @Cached()
  async nothing(): Promise<void> {}
}

class Allowed {
  @Cached()
  async list(): Promise<readonly Row[]> {
    return [row];
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- says nothing of what it is
  @Cached() async anything(): Promise<any> {
    return row;
  }

  @Cached()
  async unknown<T>(value: T): Promise<T> {
    return value;
  }

  @Memoized()
  lookup(): ReadonlyMap<string, Row> {
    return new Map();
  }

  @Timed()
  *timedRows(): Generator<Row> {
    yield row;
  }
}

const all = cached(async (): Promise<Buffer | Set<Row> | undefined> => undefined, { name: 'all' });
const blob = cached(async () => new Blob([]), { name: 'blob' });
const pages = timed(async function* pages() {
  yield row;
});
void getCache().getOrSet('key', ({ signal }) => fetch('/', { signal }).then((r) => r.text()));
void getCache().getOrSet<Row>('key', ({ stale }) => stale ?? row);
const unknownValue: Promise<unknown> = getCache().getOrSet('key', (): unknown => row);
const generic = <T>(load: () => Promise<T>): Promise<T> => getCache().getOrSet<T>('key', load);
