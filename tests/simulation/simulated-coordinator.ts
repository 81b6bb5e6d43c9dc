import { Receiver } from '../../src/redis/bus/receiver.js';
import type {
  Coordinator,
  CoordinatorListener,
  CoordinatorOptions,
  EntryCommands,
  FillOutcomes,
  KeyPattern,
  LeaseCommands,
  LeaseFill,
  LeaseReply,
  LeaseRequest,
  SetOutcome,
  StoredText,
  TagCommands,
  TagVersionsReply,
} from '../../src/store/coordinator.js';
import type { BusLink } from './bus-link.js';
import type { CommandLink } from './command-link.js';
import type { Scheduler } from './scheduler.js';
import type { Push } from './server.js';
import { SimulatedHistory } from './simulated-history.js';

/** Keys that one step of a scan looks at. */
const SCAN_STEP = 2;

export interface SimulatedStoreOptions {
  readonly scheduler: Scheduler;
  readonly link: CommandLink;
  readonly bus: BusLink;
  readonly namespace: string;
  /** All keys that there may be, for scans. */
  readonly keys: readonly string[];
  /** How far the process's clock is ahead of the server's. */
  readonly skewMs: number;
  /** How long the bus takes from the connection to its probe. */
  readonly openMs: () => number;
}

/** The counterpart of `src/redis/coordinator.ts` over the simulated server. */
export class SimulatedCoordinator
  implements Coordinator, EntryCommands, LeaseCommands, TagCommands
{
  readonly entries = this;
  readonly leases = this;
  readonly tags = this;
  lastTagClock: number | undefined;
  readonly listener: CoordinatorListener;
  readonly history: SimulatedHistory;
  /** The one that is used over ioredis as well. */
  private readonly receiver: Receiver;
  private hasReplied = false;
  private measuring: Promise<void> | undefined;
  private starting: Promise<void> | undefined;

  constructor(
    private readonly options: CoordinatorOptions,
    private readonly simulated: SimulatedStoreOptions,
    private readonly onClose: () => void,
  ) {
    this.listener = options.listener;
    this.receiver = new Receiver(
      options,
      { keyOfValue: (key) => key },
      {
        resetTagClock: () => {
          this.lastTagClock = undefined;
        },
        noteFloor: (floor) => {
          this.history.noteFloor(floor);
        },
        noteTagClock: (clock) => {
          this.noteTagClock(clock);
        },
      },
    );
    this.history = new SimulatedHistory(simulated.link, options.origin, () => {
      this.listener.onReset();
    });
    if (options.listens === false) return;
    simulated.bus.listener = {
      onPush: (push) => {
        this.receive(push);
      },
      onReset: () => {
        this.listener.onReset();
      },
      onChange: () => {
        this.listener.onChange();
      },
    };
  }

  get messages(): { readonly sent: number; readonly received: number } {
    return { sent: 0, received: this.receiver.received };
  }

  get isConnected(): boolean {
    return this.simulated.link.isConnected;
  }

  get isListening(): boolean {
    return this.simulated.bus.isListening;
  }

  get clockOffsetMs(): number {
    return -this.simulated.skewMs;
  }

  connected(): void {
    this.history.connections++;
    this.ready()?.catch(() => undefined);
    if (this.options.listens !== false) this.simulated.bus.open(this.simulated.openMs());
    this.listener.onChange();
  }

  disconnected(): void {
    this.hasReplied = false;
    this.measuring = undefined;
    this.lastTagClock = undefined;
    this.listener.onChange();
  }

  ready(): Promise<void> | undefined {
    if (this.starting !== undefined) return this.starting;
    const connecting = this.simulated.link.ready();
    if (connecting === undefined) return this.timeRead();
    const starting = connecting.then(() => this.timeRead());
    const over = (): void => {
      this.starting = undefined;
    };
    starting.then(over, over);
    return (this.starting = starting);
  }

  /** One command each: more happens between them than in Redis, where a script takes them together. */
  acquire(requests: readonly LeaseRequest[], withinMs: number): Promise<LeaseReply[]> {
    const notAfter = this.serverTime() + withinMs;
    return Promise.all(
      requests.map(async ({ key, token, leaseMs, isForced }) => {
        await this.ready();
        return await this.simulated.link.send((server) =>
          server.acquire(key, token, leaseMs, notAfter, isForced),
        );
      }),
    );
  }

  async renew(key: string, token: string, leaseMs: number): Promise<boolean> {
    await this.ready();
    return await this.simulated.link.send((server) => server.renew(key, token, leaseMs));
  }

  async release(key: string, token: string): Promise<void> {
    await this.ready();
    const { origin } = this.options;
    await this.simulated.link.send((server) => {
      server.release(key, token, origin);
    });
  }

  async fill(fills: readonly LeaseFill[]): Promise<FillOutcomes> {
    const { origin } = this.options;
    const stored = await Promise.all(
      fills.map(async ({ key, token, text, ttlMs }) => {
        await this.ready();
        return await this.simulated.link.send((server) =>
          server.fill(key, token, text, ttlMs, origin),
        );
      }),
    );
    return { stored, error: undefined };
  }

  async set(entries: readonly StoredText[], withinMs: number): Promise<SetOutcome> {
    const notAfter = this.serverTime() + withinMs;
    await this.ready();
    const { origin } = this.options;
    const [first] = entries;
    if (entries.length !== 1 || first === undefined) {
      return await this.simulated.link.send((server) => server.setMany(entries, notAfter, origin));
    }
    const { key, text, ttlMs } = first;
    await this.simulated.link.send((server) => server.set(key, text, ttlMs, notAfter, origin));
    return { stored: 1, error: undefined };
  }

  async delete(keys: readonly string[]): Promise<(string | undefined)[]> {
    await this.ready();
    const { origin } = this.options;
    return await this.simulated.link.send((server) => server.deleteMany(keys, origin));
  }

  /** As `src/redis/clear.ts`: first the leases, then the values, each step listed and removed. */
  async *clear(
    groups: readonly (readonly KeyPattern[])[],
  ): AsyncGenerator<readonly (readonly string[])[]> {
    await this.ready();
    const patterns = groups.flat();
    const { link, keys } = this.simulated;
    const matching = (step: number): readonly string[] =>
      keys
        .slice(step, step + SCAN_STEP)
        .filter((key) => patterns.some((pattern) => pattern.matches(key)));
    for (let step = 0; step < keys.length; step += SCAN_STEP) {
      await link.send(() => undefined);
      await link.send((server) => {
        for (const key of matching(step)) server.dropLease(key);
      });
      yield [];
    }
    for (let step = 0; step < keys.length; step += SCAN_STEP) {
      const there = await link.send((server) =>
        matching(step).filter((key) => server.get(key) !== undefined),
      );
      if (there.length === 0) continue;
      const gone = await link.send((server) => there.filter((key) => server.unlink(key)));
      yield groups.map((group) =>
        gone.filter((key) => group.some((pattern) => pattern.matches(key))),
      );
    }
    await this.ready();
    const { origin } = this.options;
    const sources = patterns.map(({ source }) => source);
    await link.send((server) => {
      server.publish({ kind: 'clear', patterns: sources, origin });
    });
  }

  async *count(): AsyncGenerator<number> {
    await this.ready();
    yield 0;
  }

  async clock(): Promise<number> {
    await this.ready();
    return this.noteTagClock(await this.simulated.link.send((server) => server.tagClock()));
  }

  async versions(tags: readonly string[]): Promise<TagVersionsReply> {
    await this.ready();
    const [versions, floor] = await this.simulated.link.send(
      (server) => [server.tagVersions(tags), server.floor] as const,
    );
    this.history.noteFloor(floor);
    return versions;
  }

  async invalidate(tags: readonly string[]): Promise<number> {
    await this.ready();
    const { origin } = this.options;
    return this.noteTagClock(
      await this.simulated.link.send((server) => server.invalidateTags(tags, origin)),
    );
  }

  close(): void {
    this.onClose();
    if (this.options.listens !== false) this.simulated.bus.lose();
  }

  private timeRead(): Promise<void> | undefined {
    return this.hasReplied ? undefined : (this.measuring ??= this.measure());
  }

  private async measure(): Promise<void> {
    const found = await this.simulated.link.send(({ knownTagClock, floor }) => {
      return { knownTagClock, floor };
    });
    this.lastTagClock = found.knownTagClock;
    this.history.noteFloor(found.floor);
    this.hasReplied = true;
    this.measuring = undefined;
  }

  private receive(push: Push): void {
    if (push.kind === 'changed') this.receiver.receiveTracked(push.keys);
    else if (push.kind === 'message') {
      this.receiver.receive(push.message, this.simulated.bus.isTracking);
    }
  }

  private noteTagClock(clock: number): number {
    this.lastTagClock = Math.max(this.lastTagClock ?? 0, clock);
    return clock;
  }

  private serverTime(): number {
    return this.simulated.scheduler.now;
  }
}
