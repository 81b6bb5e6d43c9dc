import { monitorEventLoopDelay } from 'node:perf_hooks';

import { RedisServer, stopServers } from '../support/redis/server.js';
import { Database } from './database.js';
import { startFleet, type Member } from './fleet.js';
import { inWords, together, type Outcome } from './outcome.js';
import { PROCESSES, SEED, USUAL, type Changes } from './plans.js';
import type { Answers, Inspection, RunSpec } from './protocol.js';

/** Steps of a run that need no more than its name. */
type Step =
  | ('report' | 'finish' | 'hears' | 'caught')
  | ('settle' | 'beacons' | 'beacon' | 'inspect' | 'close');

/** Processes with caches on one Redis, in front of one database, and what they found wrong. */
export class CoherenceChecker {
  private runs = 0;
  /** Of this process, which runs the proxies. */
  private readonly delays = monitorEventLoopDelay({ resolution: 5 });

  private constructor(
    readonly redis: RedisServer,
    private readonly database: RedisServer,
    private readonly fleet: readonly Member[],
  ) {}

  static async start(): Promise<CoherenceChecker> {
    const [redis, database, fleet] = await Promise.all([
      RedisServer.start(),
      RedisServer.start(),
      startFleet(PROCESSES),
    ]);
    const checker = new CoherenceChecker(redis, database, fleet);
    checker.delays.enable();
    process.stdout.write(`coherence: COHERENCE_SEED=${SEED}\n`);
    return checker;
  }

  /** Ends the processes, and every server of this test file. */
  async stop(): Promise<void> {
    await Promise.all(this.fleet.map((member) => member.kill()));
    await stopServers();
  }

  /** Sends a request to all processes, and waits for all replies. */
  askAll<K extends Step>(run: string, kind: K): Promise<Answers[K][]> {
    return Promise.all(this.fleet.map((member) => member.ask(kind, { run })));
  }

  /** The findings of a run so far. */
  async report(run: string): Promise<Outcome> {
    return together(await this.askAll(run, 'report'), [], this.delays.max / 1e6);
  }

  /** Notifies all processes that Redis went back to an earlier state; see {@link Orders.crashed}. */
  async tellCrashed(run: string, port?: number): Promise<void> {
    await Promise.all(this.fleet.map((member) => member.ask('crashed', { run, port })));
  }

  databaseOf(run: string): Database {
    return new Database(this.database.url, run);
  }

  /**
   * One run in all processes at once.
   *
   * @param meanwhile - What happens during the run; undone by the time it ends.
   */
  async check(
    name: string,
    changes: Changes = {},
    meanwhile: (run: string) => Promise<void> = async () => undefined,
  ): Promise<Outcome> {
    const { fleet, delays } = this;
    const run = `run${++this.runs}`;
    const spec: RunSpec = {
      ...USUAL,
      target: { redisUrl: this.redis.url },
      databaseUrl: this.database.url,
      namespace: run,
      ...changes,
    };
    const open = { run, spec, processes: PROCESSES };
    await Promise.all(fleet.map((member, worker) => member.ask('open', { ...open, worker })));
    delays.reset();
    const reports = Promise.all(fleet.map((member) => member.ask('run', { run })));
    await Promise.race([reports, meanwhile(run)]);
    await this.askAll(run, 'finish');
    const outcome = together(await reports, await this.inspect(run), delays.max / 1e6);
    await this.askAll(run, 'close');
    process.stdout.write(`coherence: ${name}: ${inWords(outcome, spec)}\n`);
    return outcome;
  }

  /** Waits until all that was written has been heard of everywhere, and compares what there is. */
  private async inspect(run: string): Promise<Inspection[]> {
    await this.askAll(run, 'settle');
    await this.askAll(run, 'beacons');
    await this.askAll(run, 'beacon');
    return await this.askAll(run, 'inspect');
  }
}
