import { runInNewContext } from 'node:vm';

import { keyPart } from 'aurora-cache';

/** The documented text of a record, computed without any fast path. */
function spelled(record: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(record).sort();
  const text = (value: unknown): string =>
    typeof value === 'string' ? `'${encoded(value)}` : String(value);
  return `(${names.map((name) => `${encoded(name)}=${text(record[name])}`).join()})`;
}

const encoded = (text: string): string =>
  text.replaceAll(/[%*:?[\\\]{}~'(),=@]/g, (character) =>
    `%${character.charCodeAt(0).toString(16).toUpperCase()}`.replace('%%', '%'),
  );

describe('keys of records', () => {
  it('are the same for every shape, however many there are', () => {
    // Far more than are remembered, twice each, in both orders of their names.
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 6500; i++) {
        const record = { [`n${i}`]: 'a:b', b: i, [`a${i % 70}`]: true, "it's": undefined };
        const reversed = Object.fromEntries(Object.entries(record).reverse());
        const wanted = spelled(record);
        if (wanted.length > 100) continue;
        expect(keyPart(record)).toBe(wanted);
        expect(keyPart(reversed)).toBe(wanted);
      }
    }
  });

  it('tell apart records whose names are alike in length and first letter', () => {
    expect(keyPart({ ab: 1, xy: 2 })).toBe('(ab=1,xy=2)');
    expect(keyPart({ ac: 1, xz: 2 })).toBe('(ac=1,xz=2)');
    expect(keyPart({ ab: 1, xy: 2 })).toBe('(ab=1,xy=2)');
  });

  it('are the same with and without something nested in another record of that shape', () => {
    expect(keyPart({ a: 1, b: [2] })).toBe('(a=1,b=(2))');
    expect(keyPart({ a: 1, b: null })).toBe('(a=1,b=null)');
    expect(keyPart({ a: 1, b: 2n })).toBe('(a=1,b=2n)');
    expect(keyPart({ a: -0, b: NaN })).toBe('(a=0,b=NaN)');
    expect(keyPart([{ a: 1, b: 2 }])).toBe('((a=1,b=2))');
    expect(keyPart({ '': 1 })).toBe('(=1)');
    expect(keyPart({})).toBe('(=)');
    expect(keyPart(runInNewContext('({ b: 1, a: 2 })'))).toBe('(a=2,b=1)');
  });

  it('read properties that change while they are read', () => {
    const shrinking = {
      get a() {
        delete (this as { b?: number }).b;
        return 1;
      },
      b: 2,
    };
    expect(keyPart(shrinking)).toMatch(/^\(a=1,b=(?:2|undefined)\)$|^\(a=1\)$/);
  });

  it('refuse what they refused: properties that are named by symbols, and functions', () => {
    expect(() => keyPart({ a: 1, [Symbol('b')]: 2 })).toThrow('symbols');
    expect(() => keyPart({ a: 1, b: () => 2 })).toThrow('function');
    expect(keyPart({ a: 1, toJSON: () => 'x' })).toBe("@Object('x)");
  });
});
