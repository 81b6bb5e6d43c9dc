import * as fc from 'fast-check';

import { Glob } from '../../../src/base/keys/glob.js';
import { FenceTable } from '../../../src/cache/coherence/fences.js';
import { InFlightLoad, type LoadRequest } from '../../../src/cache/load/in-flight.js';
import { LoadTable } from '../../../src/cache/load/load-table.js';

const keys = ['a', 'ab', 'b', 'c'];
const fences = new FenceTable();
const key = fc.constantFrom(...keys);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ add: key, tag: fc.constantFrom('x', 'y', undefined) }) },
  { weight: 4, arbitrary: fc.record({ remove: fc.nat(20) }) },
  fc.record({ detach: key }),
  fc.record({ matching: fc.constantFrom('a*', '*b', 'c') }),
  fc.record({ tagged: fc.constantFrom('x', 'y') }),
  fc.record({ all: fc.constant(true) }),
);

/** The same, without the field for a load that is alone. */
class Model {
  loads = new Map<string, InFlightLoad>();

  drop(concerns: (load: InFlightLoad) => boolean): void {
    this.loads = new Map([...this.loads].filter(([, load]) => !concerns(load)));
  }
}

it('holds one load per key, for random sequences of adding, removing and detaching', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const table = new LoadTable();
      const model = new Model();
      const made: InFlightLoad[] = [];
      for (const one of steps) {
        if ('add' in one) {
          const tags = one.tag === undefined ? [] : [one.tag];
          const request = { key: one.add, policy: { tags } } as unknown as LoadRequest;
          const fence = fences.open(one.add, 0);
          const load = new InFlightLoad(request, 'read', fence, 0, false);
          made.push(load);
          table.add(load, table.get(one.add));
          model.loads.set(one.add, load);
        } else if ('remove' in one) {
          // Also those that have been replaced or taken out before.
          const load = made[one.remove % Math.max(1, made.length)];
          if (load === undefined) continue;
          table.remove(load);
          model.drop((other) => other === load);
        } else if ('detach' in one) {
          table.detach(one.detach);
          model.loads.delete(one.detach);
        } else if ('matching' in one) {
          const glob = new Glob(one.matching);
          table.detachMatching(glob);
          model.drop((load) => glob.matches(load.key));
        } else if ('tagged' in one) {
          table.detachTagged(new Set([one.tagged]));
          model.drop((load) => (load.tags as readonly string[]).includes(one.tagged));
        } else {
          table.detachAll();
          model.loads.clear();
        }
        expect(table.size).toBe(model.loads.size);
        for (const name of keys) expect(table.get(name)).toBe(model.loads.get(name));
      }
    }),
    { numRuns: 2000 },
  );
});
