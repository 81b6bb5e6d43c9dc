import { Cached, cached, cacheControl, CacheEvict, type CacheManager } from 'aurora-cache';

import { DISPATCH } from '../../src/base/options/defaults.js';
import type { Random } from '../simulation/random.js';
import type { Database } from './database.js';
import type { RunSpec, SubjectKind } from './protocol.js';

/** A row as the caches have it. */
export interface Row {
  readonly row: string;
  readonly version: number;
}

/** A row of the database, and one way of caching it and of saying that it was written. */
export interface Subject {
  readonly row: string;
  /** Of its entry, below the namespace. */
  readonly key: string;
  read(): Promise<Row>;
  /** Forces a load, if the subject supports it. */
  refresh?(): Promise<Row>;
  /** Writes the row, invalidates, and returns the version. Missing if only others may write. */
  write?(): Promise<number>;
}

/** The environment of the subjects in one process. */
export interface Surroundings {
  readonly cache: CacheManager;
  readonly database: Database;
  readonly random: Random;
  readonly load: (row: string) => Promise<Row>;
  readonly worker: number;
}

/** So many that the last chunk is sent only after a reply to an earlier one. */
const NEIGHBOURS = DISPATCH.chunk * DISPATCH.chunksInFlight;

function neighboursOf(row: string): string[] {
  return Array.from({ length: NEIGHBOURS }, (_, i) => `${row}:${i}`);
}

type Maker = (row: string, i: number, around: Surroundings) => Subject;

const MAKERS: Record<SubjectKind, Maker> = {
  /** Invalidated by its key. */
  plain: (row, _, { cache, database, random, load }) => ({
    row,
    key: row,
    read: () => cache.getOrSet(row, () => load(row)),
    write: async () => {
      const version = await database.write(row);
      if (random.chance(0.5)) await cache.delete(row);
      else await cache.deleteMany([row, `${row}:neighbour`]);
      return version;
    },
  }),

  /** Invalidated by a pattern. */
  swept: (row, i, { cache, database, random, load }) => ({
    row,
    key: `${row}:page`,
    read: () => cache.getOrSet(`${row}:page`, () => load(row)),
    write: async () => {
      const version = await database.write(row);
      await cache.clear(random.pick([`${row}:*`, `*swept*${i}:p[a-b]ge`, `${row}:pag?`]));
      return version;
    },
  }),

  /** Invalidated by a tag that is known before the load. */
  known: (row, _, { cache, database, load }) => ({
    row,
    key: row,
    read: () => cache.getOrSet(row, () => load(row), { tags: ['all', `tag-${row}`] }),
    write: async () => {
      const version = await database.write(row);
      await cache.invalidateTags(`tag-${row}`);
      return version;
    },
  }),

  /** Invalidated by a tag that is known only from the result. */
  found: (row, _, { cache, database, random, load }) => ({
    row,
    key: row,
    read: () =>
      cache.getOrSet(row, () => load(row), { tags: (found) => ['all', `tag-${found.row}`] }),
    write: async () => {
      const version = await database.write(row);
      await cache.invalidateTags(random.chance(0.1) ? 'all' : `tag-${row}`);
      return version;
    },
  }),

  /** A decorated method, invalidated by others of its class. */
  method: (row, i, { cache, database, random, load }) => {
    class Rows {
      @Cached({ cache, keyPrefix: row, tags: (found: Row) => [`tag-${found.row}`] })
      async find(_id: number): Promise<Row> {
        return await load(row);
      }
      @CacheEvict({ cache, methods: { find: (id: number) => [id] } })
      async update(_id: number): Promise<number> {
        return await database.write(row);
      }
      @CacheEvict({ cache, tags: () => [`tag-${row}`] })
      async replace(_id: number): Promise<number> {
        return await database.write(row);
      }
      @CacheEvict({ cache, pattern: (id: number) => `${row}:${id}:*` })
      async move(_id: number): Promise<number> {
        return await database.write(row);
      }
    }
    const rows = new Rows();
    const control = cacheControl(rows, 'find');
    return {
      row,
      key: control.keyFor(i),
      read: () => rows.find(i),
      refresh: () => control.refresh(i),
      write: () => rows[random.pick(['update', 'replace', 'move'] as const)](i),
    };
  },

  /** A wrapped function, invalidated by its own control. */
  function: (row, i, { cache, database, load }) => {
    const find = cached(async (_id: number) => await load(row), { cache, name: row });
    return {
      row,
      key: find.keyFor(i),
      read: () => find(i),
      refresh: () => find.refresh(i),
      write: async () => {
        const version = await database.write(row);
        await find.invalidate(i);
        return version;
      },
    };
  },

  /** Put by one of the processes, whose writes follow each other; read by all. */
  own: (row, i, { cache, database, load, worker }) => {
    let last: Promise<unknown> = Promise.resolve();
    const write = async (): Promise<number> => {
      const version = await database.write(row);
      await cache.set(row, { row, version });
      return version;
    };
    return {
      row,
      key: row,
      read: () => cache.getOrSet(row, () => load(row)),
      ...(i === worker && {
        write: () => {
          const mine = last.then(write);
          last = mine;
          return mine;
        },
      }),
    };
  },

  /** Invalidated by a call on many keys; read with another. */
  removed: (row, _, { cache, database, random, load }) => ({
    row,
    key: row,
    read: async () => {
      const found = await cache.getMany<Row>([row, `${row}:neighbour`]);
      return found.get(row) ?? (await cache.getOrSet(row, () => load(row)));
    },
    write: async () => {
      const version = await database.write(row);
      if (random.chance(0.5)) await cache.delete(row);
      else await cache.deleteMany([...neighboursOf(row), row]);
      return version;
    },
  }),

  /** Put by one of the processes, in the order of the versions, alone or with many others. */
  stored: (row, i, { cache, database, random, load, worker }) => ({
    row,
    key: row,
    read: () => cache.getOrSet(row, () => load(row)),
    ...(i === worker && {
      write: async () => {
        const version = await database.write(row);
        const value: Row = { row, version };
        if (random.chance(0.5)) await cache.set(row, value);
        else {
          const keys = [...neighboursOf(row), row];
          await cache.setMany(keys.map((key) => ({ key, value })));
        }
        return version;
      },
    }),
  }),
};

export function subjectsOf(spec: RunSpec, around: Surroundings): Subject[] {
  return spec.kinds.flatMap((kind) =>
    Array.from({ length: spec.subjects }, (_, i) => MAKERS[kind](`${kind}${i}`, i, around)),
  );
}
