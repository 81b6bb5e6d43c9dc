import * as fc from 'fast-check';

import { FenceTable, type Fence } from '../../../src/cache/fence.js';

const key = fc.constantFrom('a', 'b', 'c');
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ raise: key }) },
  { weight: 4, arbitrary: fc.record({ lower: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ mark: key, except: fc.option(fc.nat(20)) }) },
  fc.record({ markOlder: fc.nat(20) }),
  fc.record({ doubt: key }),
);

interface Expected {
  readonly fence: Fence;
  readonly key: string;
  isOpen: boolean;
  marked: boolean;
  doubtful: boolean;
}

it('marks the open fences of a key, for random sequences of opening and closing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const table = new FenceTable();
      const all: Expected[] = [];
      const at = (index: number): Expected | undefined => all[index % Math.max(1, all.length)];
      const openFor = (name: string): Expected[] =>
        all.filter((one) => one.isOpen && one.key === name);
      for (const one of steps) {
        if ('raise' in one) {
          const fence = table.raise(one.raise, 0);
          all.push({ fence, key: one.raise, isOpen: true, marked: false, doubtful: false });
        } else if ('lower' in one) {
          const lowered = at(one.lower);
          if (lowered === undefined) continue;
          table.lower(lowered.fence);
          lowered.isOpen = false;
        } else if ('mark' in one) {
          const except = one.except === null ? undefined : at(one.except);
          table.mark(one.mark, except?.fence);
          for (const open of openFor(one.mark)) if (open !== except) open.marked = true;
        } else if ('markOlder' in one) {
          const newer = at(one.markOlder);
          if (newer?.isOpen !== true) continue;
          table.markOlder(newer.fence);
          const older = openFor(newer.key).filter((open) => all.indexOf(open) < all.indexOf(newer));
          for (const open of older) open.marked = true;
        } else {
          table.doubt(one.doubt);
          for (const open of openFor(one.doubt)) open.doubtful = true;
        }
        expect(table.size).toBe(new Set(all.filter(({ isOpen }) => isOpen).map((o) => o.key)).size);
      }
      for (const { fence, marked, doubtful } of all) {
        expect([fence.marked, fence.doubtful]).toEqual([marked, doubtful]);
      }
    }),
  );
});
