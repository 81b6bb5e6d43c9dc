import { ManualClock } from 'aurora-cache/testing';

import { LIMITS } from '../../../src/base/defaults.js';
import { Glob } from '../../../src/base/glob.js';
import type { StorePort } from '../../../src/store/adapter.js';
import type { Coordinator, KeyPattern, StoreHistory } from '../../../src/store/coordinator.js';
import { GuardedStore } from '../../../src/store/guarded-store.js';

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

  ready(): undefined {
    return undefined;
  }

  async set(key: string): Promise<void> {
    this.sent.push(`set ${key}`);
  }

  async acquire(key: string): Promise<{ granted: true; text: undefined }> {
    this.sent.push(`acquire ${key}`);
    return { granted: true, text: undefined };
  }

  async deleteMany(keys: readonly string[]): Promise<undefined[]> {
    this.sent.push(keys.length === 1 ? `delete ${keys[0]}` : 'deleteMany');
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
  const store = new GuardedStore(backend, {
    prefix: 'test:',
    clock,
    timeoutMs: TIMEOUT_MS,
    breaker: undefined,
    onError: (error) => errors.push(error),
    onChange: () => undefined,
  });
  return { clock, errors, store };
}

describe('a command whose time-out ends before the store is ready', () => {
  async function setUpSilent() {
    const coordinator = new FakeCoordinator();
    const setup = setUp({}, coordinator);
    await setup.store.write('first', () => 'text', 1000);
    await turns();
    let speak!: () => void;
    coordinator.silence = new Promise((resolve) => (speak = resolve));
    coordinator.connections++;
    coordinator.sent.length = 0;
    return { ...setup, coordinator, speak };
  }

  it('is not sent any more: a write must not follow a later removal', async () => {
    const { clock, store, coordinator, speak } = await setUpSilent();
    const writing = store.write('key', () => 'old', 1000);
    await clock.advance(`${TIMEOUT_MS}ms`);
    expect(await writing).toBe(false);
    await store.remove('key');
    speak();
    await turns();
    expect(coordinator.sent).not.toContain('set key');
  });

  it('is not sent any more: the lease would never be released', async () => {
    const { clock, store, coordinator, speak } = await setUpSilent();
    const acquiring = store.coordination.acquire('key', 'token', 5000, TIMEOUT_MS, false);
    await clock.advance(`${TIMEOUT_MS}ms`);
    expect(await acquiring).toBe('unsent');
    speak();
    await turns();
    expect(coordinator.sent).not.toContain('acquire key');
  });
});

describe('invalidations that failed', () => {
  it('are covered again when the store has forgotten them, those known by hash included', async () => {
    const coordinator = new FakeCoordinator();
    const { store } = setUp({}, coordinator);
    const keys = Array.from({ length: LIMITS.pendingKeys + 100 }, (_, i) => `key:${i}`);
    store.postponeAll(keys);
    await store.flush();
    await turns();
    expect(store.pending).toBe(0);
    // A snapshot from between the removal of the keys by name and that by hash.
    coordinator.connections++;
    coordinator.sequence = (coordinator.sequence as number) - 1;
    await store.read(['another']);
    expect(store.covers(keys.at(-1) as string, [])).toBe(true);
  });

  it('stay covered where the store can no longer list its keys', async () => {
    let canList = true;
    const failing = async function* () {
      yield* [];
      throw new Error('gone');
    };
    const { store } = setUp({ entries: () => (canList ? failing() : undefined) });
    await store.removeMatching([new Glob('user:*')]);
    await store.flush();
    canList = false;
    await store.flush();
    expect([store.covers('user:1', []), store.covers('page:1', [])]).toEqual([true, false]);
  });
});

it('several texts of which an adapter refuses one: those before it are stored', async () => {
  const removed: string[] = [];
  const { store, errors } = setUp({
    set: async (key) => {
      if (key === 'test:b') throw new Error('too large');
      return true;
    },
    delete: async (key) => {
      removed.push(key);
      return true;
    },
  });
  const texts = ['a', 'b', 'c'].map((key) => ({ key, text: 'text', ttlMs: 1000 }));
  expect(await store.writeMany(['a', 'b', 'c'], () => texts, TIMEOUT_MS, 'bulk')).toBe(1);
  expect(errors).toHaveLength(1);
  await store.flush();
  expect(removed).toEqual(['test:b', 'test:c']);
});
