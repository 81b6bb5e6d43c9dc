/** Requests to a cache, in their order. */
export interface Trace {
  readonly name: string;
  /** The format of the file, or how the requests were made. */
  readonly origin: string;
  /** The number of each request's key. */
  readonly requests: Int32Array;
  /** Distinct keys; they are numbered from 0 in the order of their first requests. */
  readonly keys: number;
}

/** Numbers the keys of a trace as its requests arrive. */
export class TraceBuilder {
  private requests = new Int32Array(1024);
  private length = 0;
  private readonly numbers = new Map<string | number, number>();

  /** @param limit - Requests after which the rest is ignored. */
  constructor(private readonly limit = Infinity) {}

  get isFull(): boolean {
    return this.length >= this.limit;
  }

  readonly add = (key: string | number): void => {
    if (this.isFull) return;
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.numbers.size;
      this.numbers.set(key, number);
    }
    if (this.length === this.requests.length) {
      const grown = new Int32Array(2 * this.length);
      grown.set(this.requests);
      this.requests = grown;
    }
    this.requests[this.length++] = number;
  };

  build(name: string, origin: string): Trace {
    const requests = this.requests.slice(0, this.length);
    return { name, origin, requests, keys: this.numbers.size };
  }
}

/** How often each key is requested. */
export function requestsByKey({ requests, keys }: Trace): Uint32Array {
  const counts = new Uint32Array(keys);
  for (const key of requests) counts[key] = (counts[key] as number) + 1;
  return counts;
}
