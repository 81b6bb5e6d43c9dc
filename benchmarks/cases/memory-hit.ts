/** A hit in memory through an asynchronous call, with keys of three kinds. */
import { cached, CacheManager, keyPart } from 'aurora-cache';

import { competeAfresh } from '../harness/afresh.js';
import { synchronous } from '../harness/loops.js';
import { atLeast, atMost, type Bar, type BenchOptions, type Report } from '../harness/report.js';
import { rivalsWith } from '../harness/rivals.js';
import {
  compete,
  of,
  timesOf,
  timeTable,
  type Contestant,
  type Result,
} from '../harness/rounds.js';
import { find, hitProfile, HOT_KEYS, queries, type Query } from './memory-hit-races.js';
import { statistics } from './statistics.js';

const WORKER = 'memory-hit-worker.ts';

export async function memoryHit(bench: BenchOptions): Promise<Report> {
  const one = await competeAfresh(WORKER, 'one', bench);
  const three = await competeAfresh(WORKER, 'three', bench);
  const object = await competeAfresh(WORKER, 'object', bench);
  const keys = await keyCosts(bench);
  const stats = await statistics(bench);
  const profile = await hitProfile(bench);

  const rivals = bench.rivals ? await rivalsWith('inMemory') : [];
  const notes = rivals.flatMap(({ name, note }) => (note === undefined ? [] : `${name}: ${note}.`));
  const timed = rivals.filter(({ hasTtl }) => hasTtl === true);
  return {
    tables: [
      {
        ...timeTable(`One string argument, ${HOT_KEYS} hot keys, awaited one by one`, one, 'ns'),
        notes,
      },
      timeTable('Three primitive arguments', three, 'ns'),
      timeTable('One object of five fields', object, 'ns'),
      timeTable('Key of an object of five fields', keys, 'ns'),
      timeTable('Hit with and without the counting', stats, 'ns'),
      profile,
    ],
    bars: [
      atMost('memory hit through @Cached, of hand-written', 1, of(one, '@Cached').ratio),
      ...timed.map(({ name }): Bar => {
        const least = name === 'layered-loader' ? 1.3 : 4;
        const times = timesOf(one, name, '@Cached');
        return atLeast(`memory hit through @Cached, faster than ${name}`, least, times);
      }),
      atMost('key of five fields, of JSON.stringify', 1.5, of(keys, 'keyPart').ratio),
      atMost('statistics on a memory hit', 1.1, of(stats, 'with').ratio),
    ],
  };
}

/**
 * The text alone: of the argument (`keyPart`), and of the whole call as somebody outside of it asks
 * for it (`keyFor`), who has to find out first whose key that is. Reading a character makes one text
 * of its parts, which are put together late otherwise.
 */
async function keyCosts(bench: BenchOptions): Promise<Result[]> {
  const cache = new CacheManager();
  const search = cached((query: Query) => find(query.name), { name: 'search', cache });
  const text = (name: string, of: (query: Query) => string): Contestant => ({
    name,
    run: synchronous(queries, (query) => of(query).charCodeAt(1)),
  });
  return await compete(
    [
      text('JSON.stringify', (query) => JSON.stringify(query)),
      text('keyPart', (query) => keyPart(query)),
      text('keyFor', (query) => search.keyFor(query)),
    ],
    bench,
  );
}
