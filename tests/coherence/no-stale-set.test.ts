import { setTimeout as pause } from 'node:timers/promises';

import { Proxy } from '../support/redis/proxy.js';
import { until } from '../support/until.js';
import { CoherenceChecker } from './checker.js';
import { BOUND_MS, expectSound, faultsOf } from './outcome.js';
import { DURATION_MS, GRACE, MANY, SLOW, type Changes } from './plans.js';
import type { Sabotage } from './protocol.js';

/** Until a bus is known to be dead: a probe a second, a second for its echo, and some slack. */
const DEAD_BUS_MS = 2500;
/** Between two looks at what the checker has found. */
const LOOK_MS = 250;
/** The longest that the checker may take to notice that a protection is missing. */
const NOTICED_MS = 150_000;

let checker: CoherenceChecker;

// On a busy machine what has to be checked takes its time.
jest.setTimeout(400_000 + 4 * DURATION_MS);

beforeAll(async () => {
  checker = await CoherenceChecker.start();
});

afterAll(async () => {
  await (checker as CoherenceChecker | undefined)?.stop();
});

describe('no reader gets a value older than the last acknowledged write', () => {
  // Several at a time, to save it.
  const VARIANTS: Record<string, Record<string, Changes>> = {
    'without memory': {
      'no memory': { memory: false },
      'no memory, grace': { memory: false, ...GRACE },
    },
    'with memory': {
      tracking: {},
      pubsub: { bus: 'pubsub' },
    },
    'with memory and grace': {
      'tracking, grace': { ...GRACE },
      'pubsub, grace': { bus: 'pubsub', ...GRACE },
    },
    'with calls on many keys': {
      'no memory, many keys': { memory: false, ...MANY },
      'tracking, many keys': { ...MANY },
      'pubsub, many keys': { bus: 'pubsub', ...MANY },
    },
    'when caches are closed and opened with calls under way': {
      'no memory, closings': { memory: false, closings: 3 },
      'tracking, closings': { closings: 3 },
      'pubsub, closings': { bus: 'pubsub', closings: 3 },
    },
    'when loads are longer than leases': {
      'no memory, long loads': { memory: false, ...SLOW },
      'tracking, long loads': { ...SLOW },
      'pubsub, long loads': { bus: 'pubsub', ...SLOW },
    },
  };

  it.each(Object.keys(VARIANTS))('%s', async (title) => {
    await Promise.all(
      Object.entries(VARIANTS[title] ?? {}).map(async ([name, changes]) => {
        expectSound(await checker.check(name, changes), changes.memory ?? true);
      }),
    );
  });
});

describe('The same when the bus suffers', () => {
  let proxy: Proxy;

  beforeEach(async () => {
    proxy = await Proxy.start(checker.redis.port);
  });

  afterEach(async () => {
    await proxy.stop();
  });

  const both = async (name: string, trouble?: () => Promise<void>): Promise<void> => {
    // Both last until it is over.
    let started: Promise<void> | undefined;
    const meanwhile = (): Promise<void> => (started ??= trouble?.() ?? Promise.resolve());
    const outcomes = await Promise.all([
      checker.check(`tracking ${name}`, { target: { redisUrl: proxy.url } }, meanwhile),
      checker.check(
        `pubsub ${name}`,
        { target: { redisUrl: proxy.url }, bus: 'pubsub' },
        meanwhile,
      ),
    ]);
    for (const outcome of outcomes) expectSound(outcome, true);
  };

  it('messages that are 40 ms late', async () => {
    proxy.delay(40, 'bus');
    await both('40 ms late');
  });

  it('connections that are cut again and again', async () => {
    await both('cut again and again', async () => {
      for (let cut = 0; cut < 6; cut++) {
        await pause(200);
        await until('a bus is connected', async () => proxy.count('bus') > 0);
        proxy.drop('bus');
      }
    });
  });

  it('a bus that is open and dead', async () => {
    const outcome = await checker.check(
      'a bus that is open and dead',
      { target: { redisUrl: proxy.url } },
      async (run) => {
        await pause(300);
        proxy.pause('bus');
        await until(
          'all have noticed',
          async () => !(await checker.askAll(run, 'hears')).includes(true),
        );
        proxy.resume();
      },
    );
    expectSound(outcome, true, DEAD_BUS_MS);
    // It was dead, and that was noticed.
    expect(outcome.longestMs).toBeGreaterThan(BOUND_MS);
  });
});

describe('The checker notices when a protection is missing', () => {
  let proxy: Proxy;

  beforeEach(async () => {
    proxy = await Proxy.start(checker.redis.port);
  });

  afterEach(async () => {
    await proxy.stop();
  });

  interface Case {
    readonly what: Sabotage;
    readonly changes: Changes;
    /** Delays that make it matter: both runs suffer them. */
    readonly delay?: readonly [ms: number, which: 'bus' | 'commands'];
    /** Whether the bus is cut again and again. */
    readonly isCut?: true;
  }
  const CASES: readonly Case[] = [
    {
      what: 'no lease check',
      changes: {
        ...{ memory: false, loadMs: [20, 80] },
        ...{ kinds: ['plain', 'swept', 'function'], subjects: 2 },
      },
    },
    {
      what: 'no strict joining',
      changes: {
        ...{ memory: false, loadMs: [150, 350], queryAt: [0, 0.2] },
        ...{ writers: 2, writePauseMs: [30, 200], readers: 32 },
        ...{ kinds: ['plain', 'known'], subjects: 6 },
      },
      // As a rule, flights are detached by messages even where there is no memory.
      delay: [300, 'bus'],
    },
    {
      what: 'no tag versions',
      changes: { memory: false, kinds: ['known', 'found'], subjects: 2 },
    },
    {
      what: 'no detaching of loads',
      changes: {
        ...{ loadMs: [500, 800], queryAt: [0, 0.2], writePauseMs: [100, 300] },
        ...{ kinds: ['plain', 'found'], subjects: 2, readers: 16 },
      },
    },
    {
      what: 'no news of absent keys',
      changes: { ...SLOW, kinds: ['plain', 'function'] },
    },
    {
      what: 'no fences',
      changes: {
        ...{ loadMs: [300, 500], queryAt: [0, 0.2], memoryTtlMs: 700 },
        ...{ writers: 2, writePauseMs: [100, 600], readers: 32, readPauseMs: [10, 30] },
        ...{ kinds: ['plain', 'function'], subjects: 8 },
      },
      // Replies of Redis are delayed, and messages overtake them.
      delay: [90, 'commands'],
    },
    {
      what: 'no waiting for what takes over',
      changes: { ...MANY, memory: false, kinds: ['stored'], readers: 32, writers: 4 },
      // A window for others between the end of the bulk call and the landing of the later write.
      delay: [90, 'commands'],
    },
    {
      what: 'no evictions while closed',
      changes: { memory: false, kinds: ['plain', 'known', 'method'], closings: 1 },
    },
    {
      what: 'no reconnect rule',
      changes: {
        ...{ loadMs: [0, 5], writePauseMs: [20, 120] },
        ...{ kinds: ['plain', 'function'], subjects: 10 },
      },
      isCut: true,
    },
  ];

  it.each(CASES)('$what', async ({ what, changes, delay, isCut }) => {
    const memory = changes.memory ?? true;
    if (delay !== undefined) proxy.delay(...delay);
    const isNoticed = async (run: string): Promise<boolean> => {
      if (isCut === true) {
        proxy.drop('bus');
        await until(
          'all hear again',
          async () => !(await checker.askAll(run, 'hears')).includes(false),
        );
      }
      await pause(LOOK_MS);
      return faultsOf(await checker.report(run), memory).includes('stale');
    };
    // Side by side, so that nothing else makes the difference, and for as long as it takes.
    const meanwhile = (run: string): Promise<void> =>
      until('it is noticed', () => isNoticed(run), NOTICED_MS);
    const least = { reads: 0, writes: 0 };
    const spec = { target: { redisUrl: proxy.url }, durationMs: 1000, least, ...changes };
    const broken = checker.check(what, { ...spec, sabotage: what }, meanwhile);
    const control = checker.check(`${what}: the control`, spec, () => broken.then(() => undefined));
    const [{ stale, ownStale }, whole] = await Promise.all([broken, control]);
    expect(stale + ownStale).toBeGreaterThan(0);
    expect(faultsOf(whole, memory)).toEqual([]);
  });
});
