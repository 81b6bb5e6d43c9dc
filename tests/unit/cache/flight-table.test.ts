import * as fc from 'fast-check';

import { Glob } from '../../../src/base/glob.js';
import { FenceTable } from '../../../src/cache/fence.js';
import { Flight, FlightTable } from '../../../src/cache/flight.js';

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

/** The same, without the place of its own for a flight that is alone. */
class Model {
  flights = new Map<string, Flight>();

  drop(concerns: (flight: Flight) => boolean): void {
    this.flights = new Map([...this.flights].filter(([, flight]) => !concerns(flight)));
  }
}

it('holds one flight per key, for random sequences of adding, removing and detaching', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const table = new FlightTable();
      const model = new Model();
      const made: Flight[] = [];
      for (const one of steps) {
        if ('add' in one) {
          const tags = one.tag === undefined ? [] : [one.tag];
          const flight = new Flight(one.add, fences.prepare(one.add, 0), 0, tags, false);
          made.push(flight);
          table.add(flight, table.get(one.add));
          model.flights.set(one.add, flight);
        } else if ('remove' in one) {
          // Also those that have been replaced or taken out before.
          const flight = made[one.remove % Math.max(1, made.length)];
          if (flight === undefined) continue;
          table.remove(flight);
          model.drop((other) => other === flight);
        } else if ('detach' in one) {
          table.detach(one.detach);
          model.flights.delete(one.detach);
        } else if ('matching' in one) {
          const glob = new Glob(one.matching);
          table.detachMatching(glob);
          model.drop((flight) => glob.matches(flight.key));
        } else if ('tagged' in one) {
          table.detachTagged(new Set([one.tagged]));
          model.drop((flight) => (flight.tags as readonly string[]).includes(one.tagged));
        } else {
          table.detachAll();
          model.flights.clear();
        }
        expect(table.size).toBe(model.flights.size);
        for (const name of keys) expect(table.get(name)).toBe(model.flights.get(name));
      }
    }),
    { numRuns: 2000 },
  );
});
