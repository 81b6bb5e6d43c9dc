import * as fc from 'fast-check';

import { FenceTable, type Fence } from '../../../src/cache/coherence/fences.js';

const key = fc.constantFrom('a', 'b', 'c');
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ open: key }) },
  { weight: 4, arbitrary: fc.record({ close: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ markLocal: key, except: fc.option(fc.nat(20)) }) },
  fc.record({ markOlder: fc.nat(20) }),
  fc.record({ markRemote: key }),
);

interface Expected {
  readonly fence: Fence;
  readonly key: string;
  isOpen: boolean;
  invalidatedLocally: boolean;
  invalidatedRemotely: boolean;
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
        if ('open' in one) {
          const fence = table.open(one.open, 0);
          all.push({
            fence,
            key: one.open,
            isOpen: true,
            invalidatedLocally: false,
            invalidatedRemotely: false,
          });
        } else if ('close' in one) {
          const closed = at(one.close);
          if (closed === undefined) continue;
          table.close(closed.fence);
          closed.isOpen = false;
        } else if ('markLocal' in one) {
          const except = one.except === null ? undefined : at(one.except);
          table.markLocal(one.markLocal, except?.fence);
          for (const open of openFor(one.markLocal))
            if (open !== except) open.invalidatedLocally = true;
        } else if ('markOlder' in one) {
          const newer = at(one.markOlder);
          if (newer?.isOpen !== true) continue;
          table.markOlder(newer.fence);
          const older = openFor(newer.key).filter((open) => all.indexOf(open) < all.indexOf(newer));
          for (const open of older) open.invalidatedLocally = true;
        } else {
          table.markRemote(one.markRemote);
          for (const open of openFor(one.markRemote)) open.invalidatedRemotely = true;
        }
        expect(table.size).toBe(new Set(all.filter(({ isOpen }) => isOpen).map((o) => o.key)).size);
      }
      for (const { fence, invalidatedLocally, invalidatedRemotely } of all) {
        expect([fence.invalidatedLocally, fence.invalidatedRemotely]).toEqual([
          invalidatedLocally,
          invalidatedRemotely,
        ]);
      }
    }),
  );
});
