import * as fc from 'fast-check';

import {
  EVERYTHING,
  FenceTable,
  type ChangedKeys,
  type Fence,
} from '../../../src/cache/coherence/fences.js';
import { Glob } from '../../../src/base/keys/glob.js';

const key = fc.constantFrom('a', 'b', 'c', '{1}a');
const by = fc.constantFrom('local' as const, 'remote' as const);
const what: fc.Arbitrary<ChangedKeys> = fc.oneof(
  { weight: 4, arbitrary: key },
  fc.constantFrom('a', '[bc]').map((pattern) => new Glob(pattern)),
  fc.constant(EVERYTHING),
);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ open: key }) },
  { weight: 4, arbitrary: fc.record({ close: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ mark: what, by, except: fc.option(fc.nat(20)) }) },
  fc.record({ markOlder: fc.nat(20) }),
  fc.record({ date: fc.nat(20) }),
  fc.constant({ markUndated: true }),
);

interface Expected {
  readonly fence: Fence;
  readonly key: string;
  isOpen: boolean;
  invalidatedLocally: boolean;
  cleared: boolean;
  invalidatedRemotely: boolean;
}

/** Whether a change concerns a key; patterns also match the local keys of a key. */
function concerns(change: ChangedKeys, name: string): boolean {
  if (change instanceof Glob) return change.matches(name.replace('{1}', ''));
  return change === EVERYTHING || change === name;
}

it('marks the open fences of changed keys, for random sequences of opening and closing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const table = new FenceTable();
      const all: Expected[] = [];
      const at = (index: number): Expected | undefined => all[index % Math.max(1, all.length)];
      const openFor = (change: ChangedKeys): Expected[] =>
        all.filter((one) => one.isOpen && concerns(change, one.key));
      for (const one of steps) {
        if ('open' in one) {
          all.push({
            fence: table.open(one.open, 0),
            key: one.open,
            isOpen: true,
            invalidatedLocally: false,
            cleared: false,
            invalidatedRemotely: false,
          });
        } else if ('close' in one) {
          const closed = at(one.close);
          if (closed === undefined) continue;
          table.close(closed.fence);
          closed.isOpen = false;
        } else if ('mark' in one) {
          // Only an operation on one key excepts its own fence.
          const except =
            one.except === null || typeof one.mark !== 'string' ? undefined : at(one.except);
          table.mark(one.mark, one.by, except?.fence);
          for (const open of openFor(one.mark)) {
            if (open === except) continue;
            if (one.by === 'remote') open.invalidatedRemotely = true;
            else open.invalidatedLocally = true;
            if (one.by === 'local' && one.mark instanceof Glob) open.cleared = true;
          }
        } else if ('markOlder' in one) {
          const newer = at(one.markOlder);
          if (newer?.isOpen !== true) continue;
          table.markOlder(newer.fence);
          const older = openFor(newer.key).filter((open) => all.indexOf(open) < all.indexOf(newer));
          for (const open of older) open.invalidatedLocally = true;
        } else if ('date' in one) {
          const dated = at(one.date);
          if (dated !== undefined) dated.fence.sharedClock = 1;
        } else {
          table.markUndated();
          for (const open of openFor(EVERYTHING)) {
            if (open.fence.sharedClock === undefined) open.invalidatedRemotely = true;
          }
        }
        expect(table.size).toBe(new Set(all.filter(({ isOpen }) => isOpen).map((o) => o.key)).size);
      }
      for (const { fence, invalidatedLocally, cleared, invalidatedRemotely } of all) {
        expect(fence).toMatchObject({ invalidatedLocally, cleared, invalidatedRemotely });
      }
    }),
  );
});

it('a watch sees the keys that are marked after its start', () => {
  const table = new FenceTable();
  table.mark('earlier', 'local');
  const watch = table.watch(0);
  expect(['earlier', 'a', 'b1'].map((name) => watch.hasNoted(name))).toEqual([false, false, false]);
  table.mark('a', 'remote');
  table.mark(new Glob('b*'), 'local');
  expect(['earlier', 'a', '{1}a', 'b1', '{2}b2'].map((name) => watch.hasNoted(name))).toEqual([
    false,
    true,
    true,
    true,
    true,
  ]);
  table.mark(EVERYTHING, 'remote');
  expect(watch.hasNoted('earlier')).toBe(true);
});

it('a watch that has recorded too many keys counts every key as marked', () => {
  const table = new FenceTable();
  const watch = table.watch(0);
  for (let i = 0; i < 1000; i++) table.mark(`k${i}`, 'local');
  expect(watch.hasNoted('other')).toBe(false);
  table.mark('one more', 'local');
  expect(watch.hasNoted('other')).toBe(true);
});
