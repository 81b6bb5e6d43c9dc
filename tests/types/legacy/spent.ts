/* What can be read only once is refused, as in Stage-3. */
import { Readable } from 'node:stream';

import { Cached, CachePut, Memoized, Timed } from 'aurora-cache';

class Refused {
  // @ts-expect-error -- a Response has one body
  @Cached()
  async response(url: string): Promise<Response> {
    return await fetch(url);
  }

  // @ts-expect-error -- a stream is read once
  @CachePut()
  async stream(): Promise<Readable> {
    return Readable.from([]);
  }

  // @ts-expect-error -- so is a generator
  @Memoized()
  *rows(): Generator<number> {
    yield 1;
  }
}

class Allowed<T> {
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
  async generic<R>(result: R): Promise<R> {
    return result;
  }

  @Memoized()
  list(): readonly number[] {
    return [1];
  }

  @Timed()
  *timedRows(): Generator<number> {
    yield 1;
  }
}
