import { readFileSync } from 'node:fs';

import { onHeldLease } from '../../../src/cache/lease/acquire.js';
import {
  canJoin,
  canServeStale,
  nextState,
  onStoreEntry,
  TRANSITIONS,
  type LoadReason,
  type LoadState,
} from '../../../src/cache/load/state-machine.js';

const STATES: readonly LoadState[] = [
  'reading',
  'acquiring',
  'waiting',
  'loading',
  'filling',
  'done',
];

/** For each state, where it leads, by the reason. Every transition that is not here is refused. */
const TABLE: Readonly<Record<LoadState, Partial<Record<LoadReason, LoadState>>>> = {
  reading: {
    found: 'done',
    missed: 'acquiring',
    uncoordinated: 'loading',
    unavailable: 'loading',
    failed: 'done',
  },
  acquiring: {
    found: 'done',
    granted: 'loading',
    held: 'waiting',
    elsewhere: 'done',
    crowded: 'loading',
    timedOut: 'loading',
    unavailable: 'loading',
    failed: 'done',
  },
  waiting: { released: 'reading', polled: 'acquiring', unavailable: 'loading', failed: 'done' },
  loading: { loaded: 'filling', unshareable: 'done', failed: 'done' },
  filling: { filled: 'done', failed: 'done' },
  done: {},
};

describe('the transitions of a load', () => {
  const reasons = Object.keys(TRANSITIONS) as LoadReason[];
  const all = STATES.flatMap((state) => reasons.map((reason) => [state, reason] as const));

  it.each(all)('%s, %s', (state, reason) => {
    const expected = TABLE[state][reason];
    if (expected !== undefined) expect(nextState(state, reason)).toBe(expected);
    else expect(() => nextState(state, reason)).toThrow(`A load that is ${state} cannot be`);
  });

  it('are drawn in docs/architecture.md, all but failures before and after the loader', () => {
    const drawing = /stateDiagram-v2\n(?<lines>.*?)```/s.exec(
      readFileSync('docs/architecture.md', 'utf8'),
    )?.groups?.['lines'];
    const drawn: Record<string, Record<string, string>> = {};
    for (const [, from = '', to = '', reasons = ''] of (drawing ?? '').matchAll(
      /^ +(\w+) --> (\w+): (.+)$/gm,
    )) {
      for (const reason of reasons.split(', ')) (drawn[from] ??= {})[reason] = to;
    }
    const expected = Object.fromEntries(
      STATES.slice(0, -1).map((state) => {
        const { failed, ...others } = TABLE[state];
        return [state, state === 'loading' ? { ...others, failed } : others];
      }),
    );
    expect(drawn).toEqual(expected);
  });

  it('lead from every state but the last to the last', () => {
    const leadsToEnd = (state: LoadState, seen: readonly LoadState[]): boolean =>
      state === 'done' ||
      Object.values(TABLE[state]).some(
        (next) => !seen.includes(next) && leadsToEnd(next, [...seen, next]),
      );
    for (const state of STATES) expect(leadsToEnd(state, [state])).toBe(true);
  });
});

describe('joining a load', () => {
  const load = { hasStale: false, batchId: 7 };
  const caller = { canJoinAnyLoad: false, openBatchId: 7, awaitsFill: true };
  const joinableStates = (
    some: Partial<typeof load>,
    who: Partial<Omit<typeof caller, 'openBatchId'> & { openBatchId: number | undefined }> = {},
  ): LoadState[] =>
    STATES.filter((state) => canJoin({ ...load, ...some, state }, { ...caller, ...who }));

  it('every caller, where invalidations detach loads', () => {
    expect(joinableStates({ hasStale: true }, { canJoinAnyLoad: true })).toEqual(STATES);
  });

  it('elsewhere, while the shared tier will still be read, or the fill confirms the value', () => {
    expect(joinableStates({})).toEqual(['reading', 'waiting', 'loading']);
  });

  it('not once its read has been sent, nor without a read', () => {
    expect(joinableStates({}, { openBatchId: 8 })).toEqual(['waiting', 'loading']);
    expect(joinableStates({}, { openBatchId: undefined })).toEqual(['waiting', 'loading']);
    expect(canJoin({ state: 'reading', hasStale: false, batchId: undefined }, caller)).toBe(false);
  });

  it('not to be served what had expired before, nor after one fill that confirmed nothing', () => {
    expect(joinableStates({ hasStale: true })).toEqual(['reading']);
    expect(joinableStates({}, { awaitsFill: false })).toEqual(['reading', 'waiting']);
  });
});

describe('whether an expired value may be served', () => {
  const fence = { invalidatedLocally: false, invalidatedRemotely: false };

  it('in its grace', () => {
    expect(canServeStale({ staleUntil: 10 }, fence, 9)).toBe(true);
    expect(canServeStale({ staleUntil: 10 }, fence, 10)).toBe(false);
    expect(canServeStale(undefined, fence, 9)).toBe(false);
  });

  it('not after an invalidation', () => {
    expect(canServeStale({ staleUntil: 10 }, { ...fence, invalidatedLocally: true }, 9)).toBe(
      false,
    );
    expect(canServeStale({ staleUntil: 10 }, { ...fence, invalidatedRemotely: true }, 9)).toBe(
      false,
    );
  });
});

describe('loading while another process has the lease', () => {
  const held = { purpose: 'read', canServeStale: false, holders: 1, leftMs: 1 } as const;

  it.each([
    [held, 'held'],
    [{ ...held, canServeStale: true }, 'elsewhere'],
    [{ ...held, purpose: 'refresh-ahead' }, 'elsewhere'],
    [{ ...held, leftMs: 0 }, 'timedOut'],
    [{ ...held, holders: 2 }, 'held'],
    [{ ...held, holders: 3 }, 'crowded'],
    [{ ...held, holders: 3, leftMs: 0 }, 'crowded'],
    [{ ...held, holders: 3, canServeStale: true }, 'elsewhere'],
  ] as const)('%j: %s', (lease, expected) => {
    expect(onHeldLease(lease)).toBe(expected);
  });
});

describe('how an entry of the shared tier serves a load', () => {
  const entry = { freshUntil: 10, staleUntil: 20, refreshAt: 5 };

  it.each([
    ['read', 9, 'fresh'],
    ['read', 10, 'stale'],
    ['read', 20, 'expired'],
    ['refresh-ahead', 4, 'fresh'],
    ['refresh-ahead', 5, 'stale'],
  ] as const)('a %s at %i: %s', (purpose, now, expected) => {
    expect(onStoreEntry(entry, purpose, now)).toBe(expected);
  });

  it('a refresh without a window ends at the end of the life', () => {
    expect(onStoreEntry({ ...entry, refreshAt: undefined }, 'refresh-ahead', 9)).toBe('fresh');
  });
});
