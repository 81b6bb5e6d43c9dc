import { SeededHash } from '../../../../src/memory/eviction/seeded-hash.js';
import { randomFrom } from '../../../support/eviction-model.js';

function secretFrom(seed: number): Int32Array<ArrayBuffer> {
  const random = randomFrom(seed);
  return Int32Array.from({ length: 256 }, () => random() * 2 ** 32);
}

/** Texts with the same hash under `31 * hash + character`, for every hash size: `Aa` and `BB` do. */
function javaCollisions(pairs: number): string[] {
  return Array.from({ length: 2 ** pairs }, (_, bits) =>
    Array.from({ length: pairs }, (__, i) => ((bits >> i) & 1 ? 'Aa' : 'BB')).join(''),
  );
}

/** Texts that differ only in the highest bits of their characters, which products carry nowhere. */
function highBits(length: number): string[] {
  return Array.from({ length: 2 ** length }, (_, bits) =>
    String.fromCharCode(...Array.from({ length }, (__, i) => 65 + (((bits >> i) & 1) << 15))),
  );
}

/** Keys that collide under one secret, found by trying. */
function collisionsUnder(hash: SeededHash, modulus: number, count: number): string[] {
  const found: string[] = [];
  for (let i = 0; found.length < count; i++) {
    if (hash.of(`user:${i}`) % modulus === 0) found.push(`user:${i}`);
  }
  return found;
}

describe('a seeded hash', () => {
  const hash = new SeededHash(secretFrom(1));

  it('depends on every character, their order, and the length', () => {
    const texts = ['', 'a', 'b', 'ab', 'ba', 'a\0', '\0', '\0\0', 'ä', '\u{1f600}'];
    const long = Array.from({ length: 1000 }, (_, i) => `${'x'.repeat(i)}y${'x'.repeat(999 - i)}`);
    const all = [...texts, ...long];
    expect(new Set(all.map((text) => hash.of(text))).size).toBe(all.length);
  });

  it('is the same for a text that was put together', () => {
    const text = 'user:'.concat(String(123456789), ':profile:getUser');
    expect(hash.of(text)).toBe(hash.of('user:123456789:profile:getUser'));
  });

  it.each([
    ['of the hash of Java', javaCollisions(12)],
    ['in the highest bits', highBits(12)],
    ['found under another secret', collisionsUnder(new SeededHash(secretFrom(2)), 4096, 300)],
  ])('collisions %s do not collide under a secret', (_, texts) => {
    for (let seed = 10; seed < 20; seed++) {
      const other = new SeededHash(secretFrom(seed));
      // Of the highest bits of the characters, 17 bits of the sum depend: 1.6 % of these are equal.
      const distinct = new Set(texts.map((text) => other.of(text))).size;
      expect(distinct).toBeGreaterThan(0.9 * texts.length);
      const cells = new Set(texts.map((text) => other.of(text) & 4095)).size;
      expect(cells).toBeGreaterThan(0.5 * texts.length);
    }
  });

  it('draws its own secret', () => {
    const texts = Array.from({ length: 10 }, (_, i) => `user:${i}`);
    const hashes = [1, 2].map(() => new SeededHash());
    expect(texts.map((text) => hashes[0]?.of(text))).not.toEqual(
      texts.map((text) => hashes[1]?.of(text)),
    );
  });
});
