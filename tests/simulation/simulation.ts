import { DISPATCH } from '../../src/base/options/defaults.js';
import { loadSharedCode } from '../../src/cache/core/lazy-code.js';
import { loadStoreTier } from '../../src/store/open-tier.js';
import { Acknowledgements } from './acknowledgements.js';
import { Checker } from './checker.js';
import { Deeds } from './deeds.js';
import { Faults } from './faults.js';
import { History } from './history.js';
import { newMember } from './member.js';
import { Random } from './random.js';
import { Recovery } from './recovery.js';
import { scenarioOf, type Scenario } from './scenario.js';
import { Scheduler } from './scheduler.js';
import { Server } from './server.js';
import { traceServer } from './server-trace.js';
import type { Member, World } from './world.js';

/** How bulk calls are cut into commands: smaller while a scenario with few keys runs. */
const BULK: { chunk: number; chunksInFlight: number } = DISPATCH;
/** After the last step, everything must be well again by then. */
const HEALING_MS = 20_000;

/** Takes something away from the members, or from the server, that the protocol needs. */
export type Sabotage = (members: readonly Member[], server: Server) => void;

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly events: number;
  readonly reads: number;
  readonly loads: number;
  readonly longestStaleMs: number;
  readonly longestMs: number;
  readonly trace: readonly string[];
}

export interface SimulateOptions {
  readonly sabotage?: Sabotage | undefined;
  /** Whether to note everything that happens. */
  readonly traced?: boolean;
}

/** Lives through one seed, or through a scenario made of one. */
export async function simulate(
  seed: number | Scenario,
  options: SimulateOptions = {},
): Promise<Outcome> {
  // Virtual time does not pass while code is loaded.
  await Promise.all([loadStoreTier(), loadSharedCode()]);
  const scenario = typeof seed === 'number' ? scenarioOf(seed) : seed;
  const { chunk, chunksInFlight } = BULK;
  Object.assign(BULK, scenario.bulk);
  try {
    return await new Simulation(scenario, options).run();
  } finally {
    Object.assign(BULK, { chunk, chunksInFlight });
  }
}

class Simulation {
  private readonly trace: string[] = [];
  private readonly world: World;
  private readonly acknowledgements: Acknowledgements;
  private readonly deeds: Deeds;
  private readonly faults: Faults;
  private readonly recovery: Recovery;

  constructor(scenario: Scenario, options: SimulateOptions) {
    this.world = newWorld(scenario, (what) => {
      if (options.traced === true) this.trace.push(`${this.world.scheduler.now} ${what()}`);
    });
    const { world } = this;
    this.acknowledgements = new Acknowledgements(world);
    this.deeds = new Deeds(world, this.acknowledgements);
    this.faults = new Faults(world, this.acknowledgements);
    this.recovery = new Recovery(world, this.acknowledgements, this.deeds);
    options.sabotage?.(world.members, world.server);
    if (options.traced === true) traceServer(world.server, world.note);
  }

  async run(): Promise<Outcome> {
    const { world, deeds, faults, acknowledgements, recovery } = this;
    const { scheduler, scenario, checker, members, random } = world;
    world.note(() => JSON.stringify({ ...scenario, steps: undefined }));
    for (const { link } of members) {
      scheduler.at(random.chance(0.5) ? 0 : random.int(0, 20), () => {
        link.connect();
      });
    }
    for (const { at, process, deed } of scenario.steps) {
      scheduler.at(at, () => {
        void deeds.perform(members[process] as Member, deed);
      });
    }
    for (const { at, process } of scenario.closings ?? []) {
      if (at === undefined) continue;
      scheduler.at(at, () => {
        void this.close(members[process] as Member);
      });
    }
    for (const fault of scenario.faults) {
      if (fault.kind === 'rollback') {
        scheduler.at(fault.at - scenario.snapshotMs, () => {
          faults.save();
        });
      }
      scheduler.at(fault.at, () => {
        faults.strike(fault);
      });
    }
    await scheduler.run(scenario.endMs, () => acknowledgements.confirm());
    const end = scenario.endMs + HEALING_MS;
    await scheduler.run(
      end,
      () => acknowledgements.confirm() || (world.open === 0 && recovery.isWell()),
    );
    await recovery.settle();
    if (world.open > 0) checker.fail(`${world.open} calls have not settled`);
    else if (!recovery.isWell()) checker.fail(`not everything has recovered: ${recovery.health()}`);
    else await recovery.checkAgreement();
    return {
      seed: scenario.seed,
      violations: checker.violations,
      events: scheduler.count,
      reads: checker.reads,
      loads: checker.loads,
      longestStaleMs: checker.longestStaleMs,
      longestMs: checker.longestMs,
      trace: this.trace,
    };
  }

  /** Closes a cache, whose calls go on. */
  private async close({ id, cache, core }: Member): Promise<void> {
    this.world.open++;
    this.world.note(() => `process ${id}: close`);
    await cache.close();
    this.world.note(() => `process ${id}: is closed`);
    const left = this.world.server.leasesOf(core.origin);
    if (left.length > 0)
      this.world.checker.fail(`process ${id} was closed with leases: ${left.join()}`);
    this.world.open--;
  }
}

function newWorld(scenario: Scenario, note: World['note']): World {
  const scheduler = new Scheduler();
  const history = new History(() => scheduler.now);
  const random = new Random(~scenario.seed);
  const checker = new Checker(scenario, history, () => scheduler.now);
  const server = new Server(scheduler, (key) => {
    checker.checkServer(server, key);
  });
  const plans = new Map(scenario.keys.map((plan) => [plan.key, plan]));
  const members = scenario.processes.map((_, id) =>
    newMember(id, { scheduler, server, scenario, random }),
  );
  return { scenario, scheduler, history, random, checker, server, members, plans, open: 0, note };
}
