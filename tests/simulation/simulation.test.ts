import { Totals } from './totals.js';
import { BULK_SABOTAGES, CLOSING_SABOTAGES, ROLLBACK_SABOTAGES, SABOTAGES } from './sabotage.js';
import { bulkScenarioOf, closingScenarioOf, scenarioOf, type Scenario } from './scenario.js';
import { simulate } from './simulation.js';

/*
 * Seeds of the protocol, under virtual time and without Redis. All 100,000: `npm run simulate --
 * --seeds 100000`. SIMULATION_SEED and SIMULATION_SEEDS choose others here.
 */
const FIRST = Number(process.env['SIMULATION_SEED'] ?? 1);
const COUNT = Number(process.env['SIMULATION_SEEDS'] ?? 2000);
/** Seeds after which the checker must have noticed what was taken away. */
const MOST_SABOTAGED = 2000;
/** Scenarios in which the server comes back in an earlier state. */
const ROLLBACKS = 300;

/** Seeds that failed once, and what was wrong then. */
const REGRESSIONS: Readonly<Record<number, string>> = {
  54: 'a set with tags was overtaken by a later write of its process while it noted the clock',
  200: 'commands that waited for the connection overtook each other once it was there',
  2257: "an invalidation that was logged during the breaker's probe was never replayed",
  7926: 'a tracking server says nothing of a key that was not there: its loads were joined',
  15782: 'a write behind another one left in memory what a read had put there meanwhile',
  17500: 'a caller joined the very load again that was not proven, since the store went away',
  137081: 'a load was confirmed without reading its tags, since the bus had just come back',
  63941: 'a caller joined a load whose fill was on its way, and had been replaced since',
};

/** Seeds with which a process that had lost its commands, but not its bus, kept a dead version. */
const UNDATED = [1091, 3174, 5644, 10551];

/** The seed's scenario with tags and memory everywhere, and no other fault than that. */
function withoutCommands(seed: number): Scenario {
  const scenario = scenarioOf(seed);
  const calm = { ttlMs: 60_000, graceMs: 0, softMs: undefined, hardMs: undefined };
  return {
    ...scenario,
    ...{ hangs: 0, fails: 0 },
    processes: scenario.processes.map((plan) => ({ ...plan, hasMemory: true })),
    keys: scenario.keys.map((plan) => {
      return { ...plan, ...calm, tags: plan.tags === 'none' ? 'static' : plan.tags };
    }),
    faults: [
      { at: 10 + (seed % 50), kind: 'commands lost', process: 0, lastsMs: 60 + (seed % 100) },
    ],
  };
}

/** The seed's scenario, in which the server comes back once in an earlier state. */
function rolledBack(seed: number, journal: number): Scenario {
  const scenario = scenarioOf(seed);
  const calm = { ttlMs: 60_000, graceMs: 0, softMs: undefined, hardMs: undefined };
  const at = Math.round(scenario.endMs * (0.5 + (seed % 10) / 25));
  return {
    ...scenario,
    ...{ hangs: 0, fails: 0, journal, snapshotMs: Math.round(at * ((seed % 7) / 8)) },
    keys: scenario.keys.map((plan) => ({ ...plan, ...calm })),
    faults: [{ at, kind: 'rollback', process: 0, lastsMs: 60 + (seed % 100) }],
  };
}

/** Fails with everything that happened, so that the seed can be understood. */
async function expectNoViolation(seed: number | Scenario): Promise<void> {
  const { violations } = await simulate(seed);
  if (violations.length === 0) return;
  const { trace } = await simulate(seed, { traced: true });
  throw new Error(
    `seed ${typeof seed === 'number' ? seed : `${seed.seed}, changed`}:\n${violations.join('\n')}\n\n${trace.join('\n')}`,
  );
}

describe('the protocol, simulated', () => {
  it(
    `keeps its promises for ${COUNT} seeds from ${FIRST}`,
    async () => {
      const totals = new Totals();
      for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
        const outcome = await simulate(seed);
        totals.add(outcome);
        if (outcome.violations.length > 0) await expectNoViolation(seed);
      }
      expect(totals.seeds).toBe(COUNT);
      console.log(`Seeds from ${FIRST}. ${totals.toString()}. 0 stale`);
    },
    // Ten times what it takes with every processor busy.
    60_000 + 300 * COUNT,
  );

  it(
    `keeps them with caches that are closed or disabled, for ${COUNT / 8} seeds from ${FIRST}`,
    async () => {
      for (let seed = FIRST; seed < FIRST + COUNT / 8; seed++) {
        await expectNoViolation(closingScenarioOf(seed));
      }
    },
    60_000 + 60 * COUNT,
  );

  it(
    `keeps them with bulk writes in several commands, for ${COUNT / 8} seeds from ${FIRST}`,
    async () => {
      for (let seed = FIRST; seed < FIRST + COUNT / 8; seed++) {
        await expectNoViolation(bulkScenarioOf(seed));
      }
    },
    60_000 + 100 * COUNT,
  );

  it.each(Object.entries(REGRESSIONS))('seed %s: no longer, %s', async (seed) => {
    await expectNoViolation(Number(seed));
  });

  it.each(UNDATED)('seed %i without commands: no longer, a load without a clock', async (seed) => {
    await expectNoViolation(withoutCommands(seed));
  });

  it.each([1, 10_000])(
    'keeps its promises when the server goes back, with a journal of %i',
    async (journal) => {
      for (let seed = 1; seed <= ROLLBACKS; seed++) {
        await expectNoViolation(rolledBack(seed, journal));
      }
    },
    60_000 + 100 * ROLLBACKS,
  );

  it('does the same for the same seed', async () => {
    const hide = (line: string): string => line.replace(/[0-9a-f-]{36}/g, 'origin');
    const [one, other] = [await simulate(7, { traced: true }), await simulate(7, { traced: true })];
    expect(one.trace.map(hide)).toEqual(other.trace.map(hide));
    expect(one.trace.length).toBeGreaterThan(50);
  });

  describe('notices when', () => {
    it.each(Object.entries(SABOTAGES))(
      '%s',
      async (_, sabotage) => {
        for (let seed = 1; seed <= MOST_SABOTAGED; seed++) {
          const { violations } = await simulate(seed, { sabotage });
          if (violations.length > 0) return;
        }
        throw new Error(`Nothing was noticed in ${MOST_SABOTAGED} seeds.`);
      },
      600_000,
    );

    it.each(Object.entries(ROLLBACK_SABOTAGES))(
      '%s',
      async (_, sabotage) => {
        for (let seed = 1; seed <= MOST_SABOTAGED; seed++) {
          const { violations } = await simulate(rolledBack(seed, seed % 2 === 0 ? 1 : 10_000), {
            sabotage,
          });
          if (violations.length > 0) return;
        }
        throw new Error(`Nothing was noticed in ${MOST_SABOTAGED} seeds.`);
      },
      60_000,
    );

    it.each(Object.entries(BULK_SABOTAGES))(
      '%s',
      async (_, sabotage) => {
        for (let seed = 1; seed <= MOST_SABOTAGED; seed++) {
          const { violations } = await simulate(bulkScenarioOf(seed), { sabotage });
          if (violations.length > 0) return;
        }
        throw new Error(`Nothing was noticed in ${MOST_SABOTAGED} seeds.`);
      },
      60_000,
    );

    it.each(Object.entries(CLOSING_SABOTAGES))(
      '%s',
      async (_, sabotage) => {
        for (let seed = 1; seed <= MOST_SABOTAGED; seed++) {
          const { violations } = await simulate(closingScenarioOf(seed), { sabotage });
          if (violations.length > 0) return;
        }
        throw new Error(`Nothing was noticed in ${MOST_SABOTAGED} seeds.`);
      },
      60_000,
    );
  });
});
