import * as fc from 'fast-check';

import { TypedCodec } from '../../../src/store/codec/typed-codec.js';
import { RowReader } from '../../../src/store/codec/row-reader.js';
import { writeRows } from '../../../src/store/codec/rows.js';

const reader = new RowReader();

/** As JSON has it: the order of the properties is part of it. */
function roundTrip(value: unknown, through = reader): string | undefined {
  const text = writeRows(value);
  return text === undefined ? undefined : JSON.stringify(through.read(text));
}

const rows = (count: number, row: (i: number) => unknown): unknown[] =>
  Array.from({ length: count }, (_, i) => row(i));

describe('lists of like objects', () => {
  it('name their properties once', () => {
    const order = { id: 7, items: rows(11, (n) => ({ sku: `s${n}`, n })), paid: null };
    expect(writeRows(order)).toBe(
      '{"id":0,"items":[{"sku":0,"n":0}],"paid":0}\n' +
        '[7,["s0",0,"s1",1,"s2",2,"s3",3,"s4",4,"s5",5,"s6",6,"s7",7,"s8",8,"s9",9,"s10",10],null]',
    );
    expect(roundTrip(order)).toBe(JSON.stringify(order));
  });

  it('at the top, within rows, and beside what has no layout', () => {
    const list = rows(10, (i) => ({
      id: i,
      owner: { name: `n${i}`, tags: ['a', { b: i }] },
      lines: rows(i % 3, (n) => ({ n, at: [[n]] })),
      other: i % 2 === 0 ? { even: i } : { odd: i },
    }));
    expect(writeRows(list)).toMatch(
      /^\[\{"id":0,"owner":\{"name":0,"tags":0\},"lines":\[\{"n":0,"at":0\}\],"other":0\}\]\n/,
    );
    expect(roundTrip(list)).toBe(JSON.stringify(list));
  });

  it.each<[string, (i: number) => unknown]>([
    ['null in the place of an object', (i) => ({ id: i, of: i === 3 ? null : { a: i, b: i } })],
    ['of one that came first', (i) => ({ id: i, of: i < 3 ? null : { a: i, b: i } })],
    ['and of a list', (i) => ({ id: i, of: i % 2 ? null : rows(3, (a) => ({ a })) })],
    ['no rows at first', (i) => ({ id: i, of: rows(i, (a) => ({ a })) })],
    ['names that are numbers', (i) => ({ b: i, 1: i, 0: i, a: { 7: i, x: i } })],
    ['odd names', (i) => ({ '': i, '\n': i, '"': i, constructor: i, toString: i, '\ud800': i })],
    [
      'a list here, an object there',
      (i) => ({ id: i, at: i, of: i === 5 ? { a: i } : [{ a: i }] }),
    ],
    ['an object first', (i) => ({ id: i, at: i, of: i > 5 ? [] : { a: i } })],
    ['nothing in an object', (i) => ({ id: i, at: i, of: {} })],
  ])('%s', (_, row) => {
    const list = rows(12, row);
    expect(roundTrip(list)).toBe(JSON.stringify(list));
  });

  it('for arbitrary values', () => {
    const name = fc.string({ maxLength: 3 }).filter((text) => text !== '__proto__');
    const row = fc.letrec<{ row: fc.Arbitrary<unknown>; field: fc.Arbitrary<unknown> }>((tie) => ({
      field: fc.oneof(
        { weight: 4, arbitrary: fc.constant(fc.jsonValue({ maxDepth: 2 })) },
        tie('row'),
        tie('row').map((inner) => fc.array(inner, { maxLength: 4 })),
        tie('row').map((inner) => fc.option(inner)),
      ),
      row: fc
        .dictionary(name, tie('field'), { minKeys: 1, maxKeys: 4, noNullPrototype: true })
        .map((model) => fc.record(model)),
    })).row;
    let written = 0;
    fc.assert(
      fc.property(
        row.chain((one) => fc.array(one, { minLength: 6 })),
        (list) => {
          const back = roundTrip(list);
          if (back === undefined) return;
          written++;
          expect(back).toBe(JSON.stringify(list));
        },
      ),
      { numRuns: 500 },
    );
    // It is about rows, after all.
    expect(written).toBeGreaterThan(250);
  });
});

describe('rows by the thousand', () => {
  const nested = rows(40, (i) => ({
    id: i,
    ...Object.fromEntries(rows(20, (n) => [`f${String(n)}`, n]) as []),
    'b"]: 1 }); globalThis.stolen = 1; //': i,
    '${globalThis.stolen = 1}': i,
    'line\u2028break\n': i,
    of: i % 3 ? { a: i, b: [i] } : null,
    lines: rows(i % 4, (n) => ({ n, m: `${String(n)}` })),
  }));
  const text = writeRows(nested) as string;

  it('are the same every time, and their names are never code', () => {
    const reading = new RowReader();
    const construct = jest.spyOn(globalThis, 'Function');
    for (let i = 0; i < 100; i++) expect(reading.read(text)).toEqual(nested);
    expect(JSON.stringify(reading.read(text))).toBe(JSON.stringify(nested));
    expect(globalThis).not.toHaveProperty('stolen');
    expect(construct).not.toHaveBeenCalled();
  });

  it('are what JSON has where Object.prototype is frozen, or has a setter', () => {
    const list = rows(12, (i) => ({ constructor: i, valueOf: i, evil: i }));
    const reading = new RowReader();
    const before = Object.getOwnPropertyDescriptors(Object.prototype);
    const caught: unknown[] = [];
    Object.defineProperty(Object.prototype, 'evil', {
      configurable: true,
      set: (value) => caught.push(value),
    });
    Object.defineProperty(Object.prototype, 'valueOf', { ...before.valueOf, writable: false });
    try {
      for (let i = 0; i < 200; i++) {
        const back = reading.read(writeRows(list) as string) as { evil: number }[];
        expect(JSON.stringify(back)).toBe(JSON.stringify(list));
      }
    } finally {
      Object.defineProperty(Object.prototype, 'valueOf', before.valueOf);
      delete (Object.prototype as { evil?: unknown }).evil;
    }
    expect(caught).toEqual([]);
  });
});

describe('better off as JSON', () => {
  it.each<[string, unknown]>([
    ['no object', [1, 'a', null, [2]]],
    ['one object', { id: 1, name: 'x', of: { a: 1 } }],
    ['few rows', rows(4, (i) => ({ id: i }))],
    ['rows that differ', rows(20, (i) => (i % 2 ? { a: i } : { b: i }))],
    ['the same names in another order', rows(20, (i) => (i % 2 ? { a: 1, b: 2 } : { b: 2, a: 1 }))],
    ['a row that is none', [...rows(20, (a) => ({ a })), null]],
    ['rows of nothing', rows(20, () => ({}))],
    ['a name that is a prototype', rows(20, () => JSON.parse('{"__proto__":1}') as unknown)],
    [
      'names that are data',
      Object.fromEntries(rows(50, (i) => [`u${String(i)}`, [{ i }, { i }]]) as []),
    ],
    [
      'more properties than are read faster',
      rows(20, () => Object.fromEntries(rows(33, (n) => [`n${String(n)}`, n]) as [])),
    ],
    ['names beyond measure', rows(20, () => ({ ['n'.repeat(2000)]: 1 }))],
  ])('%s', (_, value) => {
    expect(writeRows(value)).toBeUndefined();
    const codec = new TypedCodec([]);
    expect(codec.encode(value)).toBe(`j${JSON.stringify(value)}`);
  });

  it('rows nested deeper than the limit', () => {
    let deep: unknown = rows(20, (a) => ({ a }));
    for (let i = 0; i < 1000; i++) deep = { deep };
    expect(writeRows(deep)).toBeUndefined();
  });
});

describe('text that we did not write', () => {
  it.each([
    '',
    '{"a":0}',
    '\n[1]',
    '0\n[1]',
    '1\n[1]',
    'null\n[1]',
    '"a"\n[1]',
    '[]\n[]',
    '[0]\n[1]',
    '[[{"a":0}]]\n[1]',
    '[{"a":0},{"a":0}]\n[1]',
    '{}\n[]',
    '[{}]\n[]',
    '{"a":1}\n[1]',
    '{"a":[]}\n[1]',
    '{"a":{}}\n[1]',
    '{"__proto__":0}\n[{"admin":true}]',
    '[{"a":0,"b":0}]\n[1]',
    '{"a":0,"b":0}\n[1]',
    '{"a":0}\n{"length":1}',
    '{"a":0}\n"x"',
    '{"a":0}\n[1',
    '{"a":0\n[1]',
    `${'[{"a":'.repeat(400)}0${'}]'.repeat(400)}\n[1]`,
  ])('%j is an error', (text) => {
    expect(() => reader.read(text)).toThrow(
      expect.objectContaining({
        name: expect.stringMatching(/^(?:SyntaxError|SerializationError)$/) as string,
      }) as Error,
    );
  });

  it('damaged in one place, is an error or another value', () => {
    const list = rows(9, (i) => ({ id: i, of: { a: `${i}` }, lines: rows(2, (n) => ({ n })) }));
    const good = writeRows(list) as string;
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.constantFrom(...'[]{},:"0\n x'), (at, character) => {
        try {
          reader.read(good.slice(0, at) + character + good.slice(at + 1));
        } catch (error) {
          expect((error as Error).name).toMatch(/^(?:SyntaxError|SerializationError)$/);
        }
        expect(reader.read(good)).toEqual(list);
      }),
      { numRuns: 500 },
    );
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('a hundred times as many layouts as are kept are read, and not kept', () => {
    const many = new RowReader();
    for (let i = 0; i < 10_000; i++) {
      expect(many.read(`{"a${i}":0}\n[${i}]`)).toEqual({ [`a${i}`]: i });
    }
    expect(many.size).toBeLessThanOrEqual(100);
  });
});
