import fc from 'fast-check';

import { LoneMap } from '../../../src/base/async/lone-map.js';

const step = fc.record({
  key: fc.constantFrom('a', 'b', 'c', ''),
  isDeletion: fc.boolean(),
});

it('behaves like a Map for random sequences', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const map = new LoneMap<{ readonly step: number }>();
      const model = new Map<string, { readonly step: number }>();
      for (const [i, { key, isDeletion }] of steps.entries()) {
        if (isDeletion) {
          map.delete(key);
          model.delete(key);
        } else {
          map.set(key, { step: i });
          model.set(key, { step: i });
        }
        for (const one of ['a', 'b', 'c', '']) expect(map.get(one)).toEqual(model.get(one));
        expect(map.size).toBe(model.size);
        expect([...map.keys()].sort()).toEqual([...model.keys()].sort());
        expect([...map.values()].map((value) => value.step).sort()).toEqual(
          [...model.values()].map((value) => value.step).sort(),
        );
      }
    }),
  );
});

it('goes on past entries that are deleted while it lists them', () => {
  const map = new LoneMap<{ readonly key: string }>();
  for (const key of ['a', 'b', 'c']) map.set(key, { key });
  for (const { key } of map.values()) map.delete(key);
  expect(map.size).toBe(0);
});

it.each([2, 700])('loses none of many entries that come and go, %i at a time', (width) => {
  const map = new LoneMap<{ readonly i: number }>();
  for (let i = 0; i < 20_000; i++) {
    map.set(String(i), { i });
    if (i < width) continue;
    expect(map.get(String(i - width))).toEqual({ i: i - width });
    map.delete(String(i - width));
  }
  expect([...map.values()].map(({ i }) => i)).toEqual(
    Array.from({ length: width }, (_, i) => 20_000 - width + i),
  );
});
