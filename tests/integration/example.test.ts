import { runExample, type Outcome } from '../support/example-server.js';

const number = (text = ''): number => Number(text.replaceAll(/[,x]/g, ''));

describe('the example', () => {
  let outcome: Outcome;
  beforeAll(async () => {
    outcome = await runExample([]);
  });

  /** The result of a step in the output. */
  const outcomeOf = (step: string, section: string): string => {
    const [, text = ''] = outcome.stdout.split(section);
    const line = text.split('\n').find((candidate) => candidate.trim().startsWith(step));
    return line?.slice(2).replace(step, '').trim() ?? `no '${step}' below '${section}'`;
  };

  it('ends well, warns of nothing, and fits a terminal', () => {
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    const lines = outcome.stdout.split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(80);
    expect(lines.length).toBeLessThan(60);
    expect(outcome.stdout).toMatch(/^135,233 places/);
    expect(outcome.stdout).not.toMatch(/NaN|undefined|Infinity/);
  });

  it.each(['findPlace', 'search', 'nearest', 'countryName', 'countryStatistics'])(
    'serves the calls of %s from the cache',
    (method) => {
      const line = outcome.stdout.split('\n').find((candidate) => candidate.startsWith(method));
      const [, , , , , speedUp, hits, misses, hitRate, p50, p99] = line?.split(/\s+/) ?? [];
      expect(speedUp).toMatch(/^[1-9][\d.]*[KMB]?x$/);
      // 2,000 calls of at most 40 kinds: everything but the first of a kind is a hit.
      expect(number(hits) + number(misses)).toBe(2000);
      expect(number(misses)).toBeGreaterThan(0);
      expect(number(misses)).toBeLessThanOrEqual(40);
      expect(number(hitRate)).toBeCloseTo(number(hits) / 20, 2);
      expect(number(p99)).toBeGreaterThanOrEqual(number(p50));
    },
  );

  it('runs once for concurrent calls', () => {
    expect(outcomeOf('100 concurrent search', 'Single flight')).toMatch(/1 run, 99 waited for it$/);
  });

  it('shows the old value until the pattern is cleared, and then the new one', () => {
    const section = 'Invalidation by pattern';
    const before = outcomeOf("countryStatistics('DE').population", section);
    expect(before).toMatch(/\(cached\)$/);
    expect(outcomeOf('100,000 move to Berlin, unnoticed', section)).toBe(before);
    expect(outcomeOf("cache.clear('country:*')", section)).toBe('40 entries removed');
    const after = outcomeOf('the next call', section);
    expect(after).toMatch(/\(loaded\)$/);
    expect(number(after.split(' ')[0])).toBe(number(before.split(' ')[0]) + 100_000);
  });

  it('shows what @CacheEvict removed', () => {
    const section = 'Invalidation by @CacheEvict';
    expect(outcomeOf('key of findPlace', section)).toBe('place:2950159:findPlace');
    expect(outcomeOf('updatePopulation(2950159, 4000000)', section)).toBe('no longer cached');
    expect(outcomeOf('the next call, population', section)).toBe('4,000,000');
    expect(outcomeOf("countryStatistics('DE').population", section)).toMatch(/\(loaded\)$/);
    expect(outcomeOf('findPlace(1) after addPlace', section)).toBe('Nova Berolina');
  });

  it('keeps memory to its bound', () => {
    const section = 'Eviction (maxMemoryItems: 500)';
    const before = number(outcomeOf('entries before', section));
    expect(outcomeOf('after findPlace of 1,500 more', section)).toBe('500');
    // A few of them may be in memory already.
    const evictions = number(outcomeOf('evictions', section));
    expect(evictions).toBeGreaterThan(1000 + before - 40);
    expect(evictions).toBeLessThanOrEqual(1000 + before);
    expect(outcomeOf('the first of them, the last', section)).toBe('evicted, in memory');
  });

  it('lists the timed methods', () => {
    expect(outcome.stdout).toMatch(/^PlaceRepository\.scan +\d+ +0 /m);
    expect(outcome.stdout).toMatch(/^PlaceService\.updatePopulation +1 +0 /m);
  });
});

describe('the arguments of the example', () => {
  it('--help shows the usage', async () => {
    const { code, stdout, stderr } = await runExample(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: npm start/);
  });

  it.each([['--sevre'], ['places'], ['--help=1']])('%s is refused with the usage', async (arg) => {
    const { code, stdout, stderr } = await runExample([arg]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(arg.split('=')[0]);
    expect(stderr).toContain('Usage: npm start');
  });
});
