/** A hit in memory through an asynchronous call, with keys of three kinds. */
import { competeAfresh } from '../harness/afresh.js';
import { atLeast, atMost, type Bar, type BenchOptions, type Report } from '../harness/report.js';
import { rivalsWith } from '../harness/rivals.js';
import { of, timesOf, timeTable } from '../harness/rounds.js';
import { hitProfile, HOT_KEYS } from './memory-hit-races.js';

const WORKER = 'memory-hit-worker.ts';

export async function memoryHit(bench: BenchOptions): Promise<Report> {
  const one = await competeAfresh(WORKER, 'one', bench);
  const three = await competeAfresh(WORKER, 'three', bench);
  const object = await competeAfresh(WORKER, 'object', bench);
  const keys = await competeAfresh(WORKER, 'key', bench);
  const stats = await competeAfresh(WORKER, 'statistics', bench);
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
