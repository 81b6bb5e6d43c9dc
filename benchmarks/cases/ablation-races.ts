/** One race per optimization: the package with it against the package without it. */
import type * as Aurora from 'aurora-cache';

import type { Races } from '../harness/afresh.js';
import { oneByOne } from '../harness/loops.js';
import type { Contestant } from '../harness/rounds.js';
import { variant, type Edit } from '../harness/variant.js';

interface Trick {
  /** The operation that it speeds up. */
  readonly what: string;
  /** The change that turns it off. */
  readonly edit: Edit;
  /** Returns the operation, on results that are in memory. */
  readonly hits: (aurora: typeof Aurora) => Promise<(times: number) => unknown>;
}

const ids = Array.from({ length: 1000 }, (_, i) => `user-${String(i)}`);

/** Calls `find` twice for each item (an index adds an entry at its first hit), then returns the loop of hits. */
async function hitting<T>(
  items: readonly T[],
  find: (item: T) => Promise<unknown>,
): Promise<(times: number) => unknown> {
  for (const item of [...items, ...items]) await find(item);
  return oneByOne(items, find);
}

const optionsOf = ({ CacheManager }: typeof Aurora) =>
  ({ name: 'find', cache: new CacheManager({ maxMemoryItems: 10_000 }) }) as const;

const oneArgument: Trick['hits'] = async (aurora) => {
  const find = aurora.cached(async (id: string) => ({ id }), optionsOf(aurora));
  return hitting(ids, find);
};

export const TRICKS: Readonly<Record<string, Trick>> = {
  'argument index': {
    what: 'hit by one string argument',
    edit: {
      file: 'decorators/runtime/call.ts',
      from: '? binding.single.get(first)',
      to: '? undefined',
    },
    hits: oneArgument,
  },
  'tuple index': {
    what: 'hit by three primitive arguments',
    edit: {
      file: 'decorators/runtime/argument-index.ts',
      from: 'return this.tuples.find(first, second, count === 2 ? NO_ARGUMENT : third);',
      to: 'return undefined;',
    },
    hits: async (aurora) => {
      const find = aurora.cached(
        async (id: string, page: number, full: boolean) => ({ id, page, full }),
        optionsOf(aurora),
      );
      return hitting(ids, (id) => find(id, 7, true));
    },
  },
  'record shapes': {
    what: 'hit by an object of five fields',
    edit: {
      file: 'base/record-shape.ts',
      from: 'if (known !== undefined && isSame(known.names, names)) return known;',
      to: '',
    },
    hits: async (aurora) => {
      const queries = ids.map((name) => ({
        ...{ name, country: 'DE', limit: 10, active: true, sort: 'name' },
      }));
      const find = aurora.cached(
        async ({ name }: (typeof queries)[number]) => ({ name }),
        optionsOf(aurora),
      );
      return hitting(queries, find);
    },
  },
  'coarse clock': {
    what: 'hit by one string argument',
    edit: {
      file: 'base/coarse-clock.ts',
      from: 'if (this.readings >= BUSY) this.share();',
      to: '',
    },
    hits: oneArgument,
  },
};

export const races: Races = Object.fromEntries(
  Object.entries(TRICKS).map(([name, { edit, hits }]) => [
    name,
    async () => {
      const contestant = async (label: string, edits: readonly Edit[]): Promise<Contestant> => ({
        name: label,
        run: await hits(await variant(`ablation-${name.replace(' ', '-')}-${label}`, edits)),
      });
      const contestants = [await contestant('with', []), await contestant('without', [edit])];
      return { contestants };
    },
  ]),
);
