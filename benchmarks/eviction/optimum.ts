import type { Trace } from './trace.js';

/**
 * The most hits that any policy can have: evict the entry whose next request is farthest away (Bélády,
 * IBM Systems Journal 1966). The new entry is a candidate too, since admission policies may reject it.
 * Takes O(n log n) for n requests.
 */
export function optimalHits({ requests, keys }: Trace, entries: number): number {
  const next = nextRequests(requests, keys);
  const held = new Uint8Array(keys);
  const heap = new MaxHeap(requests.length);
  let [size, hits] = [0, 0];
  for (let i = 0; i < requests.length; i++) {
    const key = requests[i] as number;
    if (held[key] === 1) {
      hits++;
      size--;
    }
    const again = next[i] as number;
    // An entry that is never requested again takes no space.
    held[key] = again < requests.length ? 1 : 0;
    if (held[key] === 0) continue;
    heap.push(again);
    // Entries of the past stay in the heap; they are below those of the future and never come up.
    if (++size > entries) {
      held[requests[heap.pop()] as number] = 0;
      size--;
    }
  }
  return hits;
}

/** For each request the next one of the same key; the number of requests when there is none. */
function nextRequests(requests: Int32Array, keys: number): Int32Array {
  const next = new Int32Array(requests.length);
  const upcoming = new Int32Array(keys).fill(requests.length);
  for (let i = requests.length - 1; i >= 0; i--) {
    const key = requests[i] as number;
    next[i] = upcoming[key] as number;
    upcoming[key] = i;
  }
  return next;
}

/** A binary heap of integers. */
class MaxHeap {
  private readonly items: Int32Array;
  private length = 0;

  constructor(capacity: number) {
    this.items = new Int32Array(capacity);
  }

  push(item: number): void {
    const { items } = this;
    let place = this.length++;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if ((items[parent] as number) >= item) break;
      items[place] = items[parent] as number;
      place = parent;
    }
    items[place] = item;
  }

  pop(): number {
    const { items } = this;
    const top = items[0] as number;
    const last = items[--this.length] as number;
    let place = 0;
    for (let child = 1; child < this.length; child = 2 * place + 1) {
      if (child + 1 < this.length && (items[child + 1] as number) > (items[child] as number))
        child++;
      if ((items[child] as number) <= last) break;
      items[place] = items[child] as number;
      place = child;
    }
    items[place] = last;
    return top;
  }
}
