import { monitorEventLoopDelay } from 'node:perf_hooks';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { Proxy } from '../support/redis/proxy.js';
import { RedisServer, stopServers, until } from '../support/redis/server.js';
import { Database } from './database.js';
import { startFleet, type Member } from './fleet.js';
import type { Answers, Inspection, RunReport, RunSpec, Sabotage, SubjectKind } from './protocol.js';

const PROCESSES = 4;
const SEED = Number(process.env['COHERENCE_SEED'] ?? 20260823);
/** Of a run; longer ones look longer for what is rare. */
const DURATION_MS = Number(process.env['COHERENCE_MS'] ?? 1500);
/**
 * For so long after the acknowledgement a memory may serve the value before; on a busy machine longer
 * by {@link ROUND_TRIPS}, as they take during the run.
 */
const BOUND_MS = 250;
/** Until a bus is known to be dead: a probe a second, a second for its echo, and some slack. */
const DEAD_BUS_MS = 2500;
/** A message is one way of a trip; processes have different luck. */
const ROUND_TRIPS = 2;
/** Between two looks at what the checker has found. */
const LOOK_MS = 250;
/** The longest that the checker may take to notice that a protection is missing. */
const NOTICED_MS = 60_000;

const KINDS: readonly SubjectKind[] = [
  ...(['plain', 'swept', 'known', 'found', 'method', 'function', 'own'] as const),
];

const USUAL = {
  seed: SEED,
  memory: true,
  memoryTtlMs: undefined,
  bus: 'tracking',
  grace: false,
  durationMs: DURATION_MS,
  least: { reads: 100, writes: 15 },
  kinds: KINDS,
  subjects: PROCESSES,
  readers: 8,
  readPauseMs: [0, 10],
  writers: 2,
  writePauseMs: [5, 60],
  loadMs: [0, 30],
  queryAt: [0, 1],
  leaseMs: undefined,
  failures: 0,
  sabotage: undefined,
  closings: 0,
} as const satisfies Partial<RunSpec>;

type Changes = Partial<RunSpec>;

/** What all processes saw together. */
interface Outcome extends RunReport, Inspection {}

let redis: RedisServer;
let database: RedisServer;
let fleet: Member[];
let runs = 0;
/** Of this process, in which the proxy is. */
const delays = monitorEventLoopDelay({ resolution: 5 });

// On a busy machine what has to be checked takes its time.
jest.setTimeout(120_000 + 4 * DURATION_MS);

beforeAll(async () => {
  [redis, database, fleet] = await Promise.all([
    RedisServer.start(),
    RedisServer.start(),
    startFleet(PROCESSES),
  ]);
  delays.enable();
  process.stdout.write(`coherence: COHERENCE_SEED=${SEED}\n`);
});

afterAll(async () => {
  await Promise.all(((fleet as Member[] | undefined) ?? []).map((member) => member.kill()));
  await stopServers();
});

type Step =
  | ('report' | 'finish' | 'hears' | 'crashed' | 'caught')
  | ('settle' | 'beacons' | 'beacon' | 'inspect' | 'close');

/** Asks all processes, and waits for all. */
function askAll<K extends Step>(run: string, kind: K): Promise<Answers[K][]> {
  return Promise.all(fleet.map((member) => member.ask(kind, { run })));
}

/**
 * One run in all processes at once.
 *
 * @param meanwhile - What happens to the bus during the run; undone by the time it ends.
 */
async function check(
  name: string,
  changes: Changes = {},
  meanwhile: (run: string) => Promise<void> = async () => undefined,
): Promise<Outcome> {
  const run = `run${++runs}`;
  const spec: RunSpec = {
    ...USUAL,
    redisUrl: redis.url,
    databaseUrl: database.url,
    namespace: run,
    ...changes,
  };
  const open = { run, spec, processes: PROCESSES };
  await Promise.all(fleet.map((member, worker) => member.ask('open', { ...open, worker })));
  delays.reset();
  const reports = Promise.all(fleet.map((member) => member.ask('run', { run })));
  await Promise.race([reports, meanwhile(run)]);
  await askAll(run, 'finish');
  const outcome = together(await reports, await inspect(run));
  await askAll(run, 'close');
  process.stdout.write(`coherence: ${name}: ${inWords(outcome, spec)}\n`);
  return outcome;
}

/** Waits until all that was written has been heard of everywhere, and compares what there is. */
async function inspect(run: string): Promise<Inspection[]> {
  await askAll(run, 'settle');
  await askAll(run, 'beacons');
  await askAll(run, 'beacon');
  return await askAll(run, 'inspect');
}

function together(reports: RunReport[], inspections: Inspection[] = []): Outcome {
  const sum = (key: 'reads' | 'writes' | 'loads' | 'failed' | 'unchecked' | 'stale' | 'ownStale') =>
    reports.reduce((total, report) => total + report[key], 0);
  return {
    reads: sum('reads'),
    writes: sum('writes'),
    loads: sum('loads'),
    failed: sum('failed'),
    unchecked: sum('unchecked'),
    stale: sum('stale'),
    ownStale: sum('ownStale'),
    longestMs: Math.max(...reports.map(({ longestMs }) => longestMs)),
    longestDeafMs: Math.max(...reports.map(({ longestDeafMs }) => longestDeafMs)),
    lateMs: Math.ceil(Math.max(...reports.map(({ lateMs }) => lateMs), delays.max / 1e6)),
    errors: [...new Set(reports.flatMap(({ errors }) => errors))],
    examples: reports.flatMap(({ examples }) => examples),
    differing: inspections.flatMap(({ differing }) => differing),
    compared: inspections.reduce((total, { compared }) => total + compared, 0),
    leftovers: inspections.reduce((total, { leftovers }) => total + leftovers, 0),
  };
}

function inWords(outcome: Outcome, spec: RunSpec): string {
  const { reads, writes, loads, failed, unchecked, stale } = outcome;
  const { longestMs, longestDeafMs, lateMs } = outcome;
  const longest = (ms: number): string => (ms < 0 ? 'none' : `${ms} ms`);
  return [
    `${reads} reads, ${writes} writes, ${loads} loads`,
    ...(failed > 0 ? [`${failed} failed as planned`] : []),
    ...(unchecked > 0 ? [`${unchecked} unchecked`] : []),
    `${stale} stale, longest ${longest(longestMs)}`,
    ...(spec.memory ? [`while deaf ${longest(longestDeafMs)}`] : []),
    `round trips of up to ${lateMs} ms`,
    ...outcome.errors,
  ].join(', ');
}

/** Whether the checker has found what must not be. */
function faultsOf(outcome: Outcome, memory: boolean, boundMs = BOUND_MS): string[] {
  const { stale, ownStale, longestMs, longestDeafMs, lateMs, examples } = outcome;
  const slackMs = ROUND_TRIPS * lateMs;
  const isLong = longestMs > boundMs + slackMs || longestDeafMs > BOUND_MS + slackMs;
  const tooOld = memory ? isLong : stale > 0;
  return [...(tooOld || ownStale > 0 ? ['stale', ...examples] : []), ...outcome.differing];
}

function expectSound(outcome: Outcome, memory: boolean, boundMs?: number): void {
  expect(faultsOf(outcome, memory, boundMs)).toEqual([]);
  expect(outcome.leftovers).toBe(0);
  // Otherwise it has hardly looked. How much was read and written, the runs see to themselves.
  expect(outcome.compared).toBeGreaterThan(20);
}

/** What makes entries expire, and loads fail. */
const GRACE = { grace: true, failures: 0.1 } as const;
/** Calls on several hundred keys, beside others on one of them. */
const MANY: Changes = {
  kinds: ['removed', 'stored'],
  subjects: PROCESSES,
  writers: 3,
  writePauseMs: [0, 60],
};
/** Loads that others do not wait for to the end, and that are invalidated in the middle. */
const SLOW: Changes = {
  leaseMs: 100,
  loadMs: [0, 500],
  queryAt: [0, 0.5],
  readers: 24,
  writers: 1,
  writePauseMs: [10, 100],
};

describe('Nobody reads what is older than the last acknowledged write', () => {
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
        expectSound(await check(name, changes), changes.memory ?? true);
      }),
    );
  });
});

describe('The same when the bus suffers', () => {
  let proxy: Proxy;

  beforeEach(async () => {
    proxy = await Proxy.start(redis.port);
  });

  afterEach(async () => {
    await proxy.stop();
  });

  const both = async (name: string, trouble?: () => Promise<void>): Promise<void> => {
    // Both last until it is over.
    let started: Promise<void> | undefined;
    const meanwhile = (): Promise<void> => (started ??= trouble?.() ?? Promise.resolve());
    const outcomes = await Promise.all([
      check(`tracking ${name}`, { redisUrl: proxy.url }, meanwhile),
      check(`pubsub ${name}`, { redisUrl: proxy.url, bus: 'pubsub' }, meanwhile),
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
    const outcome = await check(
      'a bus that is open and dead',
      { redisUrl: proxy.url },
      async (run) => {
        await pause(300);
        proxy.pause('bus');
        await until('all have noticed', async () => !(await askAll(run, 'hears')).includes(true));
        proxy.resume();
      },
    );
    expectSound(outcome, true, DEAD_BUS_MS);
    // It was dead, and that was noticed.
    expect(outcome.longestMs).toBeGreaterThan(BOUND_MS);
  });
});

describe('When Redis restarts from a snapshot that is older than acknowledged writes', () => {
  const BROKEN = 'no journal';
  let folder: string;
  let server: RedisServer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aurora-coherence-'));
    server = await RedisServer.start(['--dir', folder]);
  });

  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Waits until every process has got so many more writes acknowledged. */
  async function progress(runs: readonly string[]): Promise<void> {
    const written = async (): Promise<number[]> => {
      const reports = await Promise.all(runs.map((run) => askAll(run, 'report')));
      return reports.flat().map(({ writes }) => writes);
    };
    const before = await written();
    await until('more is written', async () =>
      (await written()).every((writes, i) => writes >= (before[i] ?? 0) + 5),
    );
  }

  async function crash(runs: readonly string[]): Promise<void> {
    const databases = runs.map((run) => new Database(database.url, run));
    const count = (what: 'crashes' | 'restarts'): Promise<unknown> =>
      Promise.all(databases.map((one) => one.count(what)));
    const admin = new Redis(server.url);
    await progress(runs);
    await admin.save();
    admin.disconnect();
    await progress(runs);
    await count('crashes');
    // What it has saved is all that it knows afterwards.
    await server.kill();
    await count('restarts');
    await Promise.all(runs.map((run) => askAll(run, 'crashed')));
    await server.up();
    await until('all have dealt with it', async () => {
      const caught = await Promise.all(runs.map((run) => askAll(run, 'caught')));
      return !caught.flat().includes(false);
    });
    await progress(runs);
    for (const one of databases) one.close();
  }

  /** Runs side by side, which all see the same crashes: until it is noticed that one is broken. */
  async function sideBySide(changes: Readonly<Record<string, Changes>>): Promise<Outcome[]> {
    const runs = new Map<string, string>();
    let crashes: Promise<void> | undefined;
    const crashAgain = async (): Promise<void> => {
      await until('all have begun', async () => runs.size === Object.keys(changes).length);
      const isNoticed = async (): Promise<boolean> => {
        await crash([...runs.values()]);
        const { stale, ownStale } = together(await askAll(runs.get(BROKEN) as string, 'report'));
        return stale + ownStale > 0;
      };
      await until('it is noticed', isNoticed, NOTICED_MS);
    };
    const meanwhile = (name: string) => async (run: string) => {
      runs.set(name, run);
      await (crashes ??= crashAgain());
    };
    const usual = { redisUrl: server.url, writers: 1, writePauseMs: [20, 100] } as const;
    return await Promise.all(
      Object.entries(changes).map(([name, one]) =>
        check(`snapshot, ${name}`, { ...usual, ...one }, meanwhile(name)),
      ),
    );
  }

  it('an invalidation is in force again once its author has repeated it, or it is noticed', async () => {
    const [without, tracking, pubsub, broken] = (await sideBySide({
      'no memory': { memory: false },
      tracking: {},
      pubsub: { bus: 'pubsub' },
      [BROKEN]: { memory: false, sabotage: BROKEN },
    })) as [Outcome, Outcome, Outcome, Outcome];
    expectSound(without, false);
    expectSound(tracking, true);
    expectSound(pubsub, true);
    expect(faultsOf(broken, false)).not.toEqual([]);
  });
});

describe('The checker notices when a protection is missing', () => {
  let proxy: Proxy;

  beforeEach(async () => {
    proxy = await Proxy.start(redis.port);
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
      what: 'no flight detaching',
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
      // What Redis answers is on its way for long, and the news overtake it.
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
        await until('all hear again', async () => !(await askAll(run, 'hears')).includes(false));
      }
      await pause(LOOK_MS);
      return faultsOf(together(await askAll(run, 'report')), memory).includes('stale');
    };
    // Side by side, so that nothing else makes the difference, and for as long as it takes.
    const meanwhile = (run: string): Promise<void> =>
      until('it is noticed', () => isNoticed(run), NOTICED_MS);
    const least = { reads: 0, writes: 0 };
    const spec = { redisUrl: proxy.url, durationMs: 1000, least, ...changes };
    const broken = check(what, { ...spec, sabotage: what }, meanwhile);
    const control = check(`${what}: the control`, spec, () => broken.then(() => undefined));
    const [{ stale, ownStale }, whole] = await Promise.all([broken, control]);
    expect(stale + ownStale).toBeGreaterThan(0);
    expect(faultsOf(whole, memory)).toEqual([]);
  });
});
