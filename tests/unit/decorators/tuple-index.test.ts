import type { MemoryEntry } from 'aurora-cache';
import { TupleIndex, tupleOf, type Tuple } from '../../../src/decorators/runtime/tuple-index.js';

describe('the index of two and three arguments', () => {
  const entry = (): MemoryEntry => ({ indexKey: undefined }) as unknown as MemoryEntry;
  const rootOf = (index: TupleIndex) => (index as unknown as { root: Map<unknown, unknown> }).root;
  const tuple = (...args: unknown[]): Tuple => tupleOf(args) as Tuple;

  it('finds what was added last under the same arguments, and nothing else, at random', () => {
    let seed = Number(process.env['SEED'] ?? 20261123);
    console.info(`seed ${seed}`);
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    const domain = [0, 1, '0', 'a', null, undefined, true, 7n];
    const any = (): unknown => domain[random(domain.length)];
    const index = new TupleIndex();
    const model = new Map<string, { tuple: Tuple; entry: MemoryEntry }>();
    const textOf = (of: Tuple): string => of.map((one) => typeof one + String(one)).join('|');
    for (let step = 0; step < 50_000; step++) {
      const at = random(2) === 0 ? tuple(any(), any()) : tuple(any(), any(), any());
      const known = model.get(textOf(at));
      if (index.find(...at) !== known?.entry) throw new Error(`step ${step}: ${textOf(at)}`);
      if (random(2) === 0) {
        const added = { tuple: at, entry: entry() };
        index.add(at, added.entry);
        // The one that was must not take the newer one with it.
        if (known !== undefined) index.remove(known.entry);
        model.set(textOf(at), added);
      } else if (known !== undefined) {
        index.remove(known.entry);
        model.delete(textOf(at));
      }
    }
    for (const known of model.values()) expect(index.find(...known.tuple)).toBe(known.entry);
    for (const known of model.values()) index.remove(known.entry);
    expect(rootOf(index).size).toBe(0);
  });

  it('branches only where arguments differ, and folds up what is left empty', () => {
    const index = new TupleIndex();
    const entries = [entry(), entry(), entry()] as const;
    index.add(tuple('id', 'en'), entries[0]);
    expect(rootOf(index).get('id')).toBe(entries[0]);
    index.add(tuple('id', 'de'), entries[1]);
    index.add(tuple('id', 'de', 1), entries[2]);
    expect(index.find(...tuple('id', 'en'))).toBe(entries[0]);
    expect(index.find(...tuple('id', 'de'))).toBe(entries[1]);
    expect(index.find(...tuple('id', 'de', 1))).toBe(entries[2]);
    expect(index.find(...tuple('id', 'de', 2))).toBeUndefined();
    expect(index.find(...tuple('id', 'fr'))).toBeUndefined();
    for (const one of entries) index.remove(one);
    expect(rootOf(index).size).toBe(0);
  });

  it('takes NaN for one value without hanging, and 0 and -0 for one', () => {
    const index = new TupleIndex();
    const [first, second, zero] = [entry(), entry(), entry()];
    index.add(tuple(NaN, NaN, NaN), first);
    index.add(tuple(NaN, NaN, NaN), second);
    index.add(tuple(0, -0), zero);
    expect(index.find(...tuple(-0, 0))).toBe(zero);
    for (const one of [first, second, zero]) index.remove(one);
    expect(rootOf(index).size).toBe(0);
  });

  it('takes two or three arguments, and none that are objects', () => {
    expect([[1], [1, 2, 3, 4], [1, {}], [() => 1, 2]].map(tupleOf)).toEqual(
      Array(4).fill(undefined),
    );
    expect(tupleOf([1, null])?.slice(0, 2)).toEqual([1, null]);
    expect(tupleOf([1, undefined])).not.toEqual(tupleOf([1, undefined, undefined]));
  });
});
