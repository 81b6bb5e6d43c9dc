/** With and without caching: a query of the example's table, a call over HTTP, and a computation. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { cached, CacheManager } from 'aurora-cache';

import { PlaceRepository, type Place } from '../../examples/places/data.js';
import { oneByOne } from '../harness/loops.js';
import { written, type BenchOptions, type Cell, type Table } from '../harness/report.js';
import { compete, of } from '../harness/rounds.js';

export async function savings(bench: BenchOptions): Promise<Table> {
  const cache = new CacheManager();
  const off = new CacheManager({ enabled: false });
  const repository = new PlaceRepository();
  const upstream = createServer((_, response) => response.end(JSON.stringify({ rate: 1.09 })));
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`;
  const rows: Cell[][] = [];
  try {
    const places = repository.sample(5);
    for (const [name, work] of [
      ['query: one place of 135,233, no index', (i) => repository.find((places[i] as Place).id)],
      ['API call: fetch of a server on this machine', async () => (await fetch(url)).json()],
      ['computation: prime factors of twelve digits', async (i) => factors(999_999_000_000 + i)],
    ] as [string, (i: number) => Promise<unknown>][]) {
      const withCache = cached(work, { name, cache });
      const without = cached(work, { name, cache: off });
      const items = places.map((_, i) => i);
      const results = await compete(
        [
          { name: 'with', run: oneByOne(items, withCache) },
          { name: 'without', run: oneByOne(items, without) },
        ],
        bench,
        { rounds: 7, least: items.length },
      );
      const [slow, fast] = [of(results, 'without').median, of(results, 'with').median];
      rows.push([name, ms(slow), ms(fast), `${written(Math.round(slow / fast))}x`]);
    }
  } finally {
    upstream.closeAllConnections();
    upstream.close();
    await Promise.all([cache.close(), off.close()]);
  }
  return {
    title: 'A call with and without caching, in ms',
    columns: ['', 'without', 'with', 'faster'],
    rows,
  };
}

/** By trial division: work for the processor alone. */
function factors(number: number): number[] {
  const found: number[] = [];
  let rest = number;
  for (let divisor = 2; divisor * divisor <= rest; divisor++) {
    while (rest % divisor === 0) {
      found.push(divisor);
      rest /= divisor;
    }
  }
  if (rest > 1) found.push(rest);
  return found;
}

const ms = (nanoseconds: number): string => written(nanoseconds / 1e6);
