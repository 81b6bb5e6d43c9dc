import { ManualClock } from 'aurora-cache/testing';

import { Glob } from '../../../src/base/keys/glob.js';
import type { StorePort } from '../../../src/store/port.js';
import type {
  Coordinator,
  LeaseReply,
  KeyPattern,
  LeaseRequest,
  SetOutcome,
  StoredText,
  StoreHistory,
} from '../../../src/store/coordinator.js';
import { writeEnvelope } from '../../../src/store/codec/envelope.js';
import type { SharedEntry } from '../../../src/store/shared-tier.js';
import { StoreTier } from '../../../src/store/store-tier.js';
import { STORE_LIMITS } from '../../../src/store/limits.js';

const TIMEOUT_MS = 500;

const turns = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** A coordinator whose history can go back, and keep its caller waiting. */
class FakeCoordinator {
  readonly sent: string[] = [];
  readonly isConnected = true;
  readonly clockOffsetMs = 0;
  connections = 1;
  sequence: number | undefined;
  /** Set while the store does not say which number it remembers. */
  silence: Promise<void> | undefined;

  readonly history: StoreHistory = ((fake: FakeCoordinator) => ({
    get connections() {
      return fake.connections;
    },
    floor: 0,
    noteSequence: async (sequence: number) => {
      fake.sequence = sequence;
    },
    readSequence: async () => {
      await fake.silence;
      return fake.sequence;
    },
    raiseFloor: async () => {
      fake.sent.push('raiseFloor');
    },
  }))(this);

  readonly entries = this;
  readonly leases = this;

  ready(): undefined {
    return undefined;
  }

  async set(entries: readonly StoredText[]): Promise<SetOutcome> {
    for (const { key } of entries) this.sent.push(`set ${key}`);
    return { stored: entries.length, error: undefined };
  }

  async acquire(requests: readonly LeaseRequest[]): Promise<LeaseReply[]> {
    for (const { key } of requests) this.sent.push(`acquire ${key}`);
    return requests.map(() => ({ granted: true, text: undefined }));
  }

  async delete(keys: readonly string[]): Promise<undefined[]> {
    this.sent.push(keys.length === 1 ? `delete ${keys[0]}` : 'delete many');
    return keys.map(() => undefined);
  }

  async *clear(groups: readonly (readonly KeyPattern[])[]): AsyncGenerator<string[][]> {
    this.sent.push('clear');
    yield groups.map(() => []);
  }
}

function setUp(port: Partial<StorePort> = {}, coordinator?: FakeCoordinator) {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const backend = {
    port: { entries: () => undefined, get: async () => undefined, ...port } as StorePort,
    coordinator: coordinator as unknown as Coordinator | undefined,
    close: async () => undefined,
  };
  const tier = new StoreTier({
    backend,
    isCoordinated: coordinator !== undefined,
    namespace: 'test',
    loadMs: 0,
    clock,
    timeoutMs: TIMEOUT_MS,
    breaker: undefined,
    codec: undefined,
    types: [],
    maxValueBytes: 1000,
    compressFrom: undefined,
    onError: (error) => errors.push(error),
    onChange: () => undefined,
  });
  return { clock, errors, tier };
}

const entry: SharedEntry = {
  ...{ value: 'text', createdAt: 0, freshUntil: 1e15, staleUntil: 1e15, tagClock: 0, tags: [] },
};

/** Whether the store has something under a key that must not be served. */
const isCovered = async (tier: StoreTier, key: string): Promise<boolean> =>
  (await tier.read(key)) === undefined;

describe('a command whose time-out ends before the store is ready', () => {
  async function setUpSilent() {
    const coordinator = new FakeCoordinator();
    const setup = setUp({}, coordinator);
    await setup.tier.write('first', entry);
    await turns();
    let speak!: () => void;
    coordinator.silence = new Promise((resolve) => (speak = resolve));
    coordinator.connections++;
    coordinator.sent.length = 0;
    return { ...setup, coordinator, speak };
  }

  it('is not sent any more: a write must not follow a later removal', async () => {
    const { clock, tier, coordinator, speak } = await setUpSilent();
    const writing = tier.write('key', entry);
    await clock.advance(`${TIMEOUT_MS}ms`);
    expect(await writing).toBe(false);
    await tier.remove('key');
    speak();
    await turns();
    expect(coordinator.sent).not.toContain('set key');
  });

  it('is not sent any more: the lease would never be released', async () => {
    const { clock, tier, coordinator, speak } = await setUpSilent();
    const acquiring = tier.leases.acquire('key', 'token', 5000, TIMEOUT_MS);
    await clock.advance(`${TIMEOUT_MS}ms`);
    expect(await acquiring).toBe('unsent');
    speak();
    await turns();
    expect(coordinator.sent).not.toContain('acquire key');
  });
});

describe('invalidations that failed', () => {
  const stored = writeEnvelope({ ...entry, payload: 'j"text"' });
  const full: Partial<StorePort> = {
    get: async () => stored,
    getMany: async (keys) => keys.map(() => stored),
  };

  it('are covered again when the store has forgotten them, those known by hash included', async () => {
    const coordinator = new FakeCoordinator();
    const { tier } = setUp(full, coordinator);
    const keys = Array.from({ length: STORE_LIMITS.pendingKeys + 100 }, (_, i) => `key:${i}`);
    tier.logPending(keys);
    await tier.flush();
    await turns();
    expect(tier.pending).toBe(0);
    expect(await isCovered(tier, keys.at(-1) as string)).toBe(false);
    // A snapshot from between the removal of the keys by name and that by hash.
    coordinator.connections++;
    coordinator.sequence = (coordinator.sequence as number) - 1;
    expect(await isCovered(tier, keys.at(-1) as string)).toBe(true);
  });

  it('stay covered where the store can no longer list its keys', async () => {
    let canList = true;
    const failing = async function* () {
      yield* [];
      throw new Error('gone');
    };
    const { tier } = setUp({ ...full, entries: () => (canList ? failing() : undefined) });
    await tier.removeMatching([new Glob('user:*')]);
    await tier.flush();
    canList = false;
    await tier.flush();
    expect([await isCovered(tier, 'user:1'), await isCovered(tier, 'page:1')]).toEqual([
      true,
      false,
    ]);
  });
});

it('several entries of which an adapter refuses one: those before it are stored', async () => {
  const removed: string[] = [];
  const { tier, errors } = setUp({
    set: async (key) => {
      if (key === 'test:b') throw new Error('too large');
      return true;
    },
    delete: async (key) => {
      removed.push(key);
      return true;
    },
  });
  const entries = ['a', 'b', 'c'].map((key) => ({ key, entry }));
  expect(await tier.writeMany(entries, TIMEOUT_MS, 'bulk')).toEqual([true, false, false]);
  expect(errors).toHaveLength(1);
  await tier.flush();
  expect(removed).toEqual(['test:b', 'test:c']);
});
