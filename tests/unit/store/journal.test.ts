import { ManualClock } from 'aurora-cache/testing';

import type { FailedShards, StoreHistory } from '../../../src/store/coordinator.js';
import { Journal, type Invalidation } from '../../../src/store/resilience/journal.js';
import { STORE_LIMITS } from '../../../src/store/limits.js';

const key = (name: string): Invalidation => ({ kind: 'key', name });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A store that remembers one number, and can go back. */
class FakeStore implements StoreHistory {
  connections = 1;
  floor = 0;
  sequence: number | undefined;
  readonly noted: number[] = [];
  reads = 0;
  failure: Error | undefined;
  failovers: FailedShards | undefined;

  async noteSequence(sequence: number): Promise<void> {
    await turn();
    if (this.failure !== undefined) throw this.failure;
    this.noted.push(sequence);
    this.sequence = sequence;
  }

  async readSequence(): Promise<number | undefined> {
    this.reads++;
    await turn();
    if (this.failure !== undefined) throw this.failure;
    return this.sequence;
  }

  async raiseFloor(): Promise<void> {
    await turn();
    this.floor++;
  }

  clearFailovers(): void {
    this.failovers = undefined;
  }
}

function setUp(): { store: FakeStore; journal: Journal; lost: string[]; clock: ManualClock } {
  const [store, lost, clock] = [new FakeStore(), [] as string[], new ManualClock()];
  const onLost = (what: readonly Invalidation[]): void => {
    lost.push(...what.map((one) => (one.kind === 'pattern' ? one.pattern.source : one.name)));
  };
  return { store, lost, clock, journal: new Journal({ clock, onLost }) };
}

describe('The journal', () => {
  it('leaves one number for all that is acknowledged while another is under way', async () => {
    const { store, journal } = setUp();
    for (let i = 0; i < 1000; i++) journal.acknowledged(store, [key(`key ${i}`)]);
    for (let i = 0; i < 5; i++) await turn();
    expect(store.noted).toEqual([1, 1000]);
  });

  it('reads nothing on a connection on which nothing can be lost', () => {
    const { store, journal } = setUp();
    expect(journal.ready(store)).toBeUndefined();
    store.connections++;
    expect(journal.ready(store)).toBeUndefined();
    journal.acknowledged(store, [key('a')]);
    expect(journal.ready(store)).toBeUndefined();
    expect([store.reads, store.floor]).toEqual([0, 0]);
  });

  it('reads the number once per new connection, and reports what lies above it', async () => {
    const { store, journal, lost } = setUp();
    for (const name of ['a', 'b', 'c', 'a']) journal.acknowledged(store, [key(name)]);
    for (let i = 0; i < 3; i++) await turn();
    store.connections++;
    store.sequence = 2;
    expect(journal.isCurrent(store)).toBe(false);
    const [one, two] = [journal.ready(store), journal.ready(store)];
    expect(one).toBeDefined();
    expect(two).toBe(one);
    await one;
    expect(journal.ready(store)).toBeUndefined();
    expect(lost).toEqual(['c', 'a']);
    expect([store.reads, store.floor]).toEqual([1, 0]);
  });

  it('reports everything to a store that remembers nothing', async () => {
    const { store, journal, lost } = setUp();
    for (const name of ['a', 'b']) journal.acknowledged(store, [key(name)]);
    for (let i = 0; i < 3; i++) await turn();
    store.connections++;
    store.sequence = undefined;
    await journal.ready(store);
    expect(lost).toEqual(['a', 'b']);
  });

  it('raises the floor where it does not reach back, and only there', async () => {
    const { store, journal, lost } = setUp();
    const count = 100 * STORE_LIMITS.journalEntries;
    for (let i = 1; i <= count; i++) journal.acknowledged(store, [key(`key ${i}`)]);
    for (let i = 0; i < 3; i++) await turn();
    store.connections++;
    store.sequence = count - STORE_LIMITS.journalEntries;
    await journal.ready(store);
    expect([lost.length, store.floor]).toEqual([STORE_LIMITS.journalEntries, 0]);
    for (let i = 0; i < 3; i++) await turn();
    store.connections++;
    store.sequence = count - STORE_LIMITS.journalEntries - 1;
    await journal.ready(store);
    expect([lost.length, store.floor]).toEqual([2 * STORE_LIMITS.journalEntries, 1]);
  });

  it('leaves no number on a connection that it has not compared', async () => {
    const { store, journal, lost } = setUp();
    journal.acknowledged(store, [key('a')]);
    for (let i = 0; i < 3; i++) await turn();
    store.connections++;
    store.sequence = 0;
    journal.acknowledged(store, [key('b')]);
    for (let i = 0; i < 3; i++) await turn();
    expect(store.sequence).toBe(0);
    await journal.ready(store);
    expect(lost).toEqual(['a', 'b']);
    for (let i = 0; i < 3; i++) await turn();
    expect(store.sequence).toBe(2);
  });

  it('reads again when that failed, and when the connection changed meanwhile', async () => {
    const { store, journal, lost } = setUp();
    journal.acknowledged(store, [key('a')]);
    for (let i = 0; i < 3; i++) await turn();
    store.connections++;
    store.failure = new Error('gone');
    await expect(journal.ready(store)).rejects.toThrow('gone');
    store.failure = undefined;
    const asking = journal.ready(store);
    store.connections++;
    store.sequence = 0;
    await asking;
    expect(lost).toEqual(['a']);
    expect(journal.isCurrent(store)).toBe(true);
  });

  it('repeats the last minute of the shards that have failed over', async () => {
    const { store, journal, lost, clock } = setUp();
    journal.acknowledged(store, [key('early')]);
    await clock.advance('61s');
    journal.acknowledged(store, [key('moved'), key('stayed'), { kind: 'tag', name: 'tag' }]);
    for (let i = 0; i < 3; i++) await turn();
    failOver(store, clock.monotonic());
    await journal.ready(store);
    expect(lost).toEqual(['moved', 'tag']);
    expect(store.failovers).toBeUndefined();
    expect(store.floor).toBe(0);
  });

  it('repeats the last minute before the former primaries were last seen', async () => {
    const { store, journal, lost, clock } = setUp();
    journal.acknowledged(store, [key('early')]);
    await clock.advance('61s');
    journal.acknowledged(store, [key('late')]);
    const seenAt = clock.monotonic();
    // The connection is away for longer than that.
    await clock.advance('5m');
    failOver(store, seenAt);
    await journal.ready(store);
    expect(lost).toEqual(['late']);
  });

  it('raises the floor when it does not reach back for the minute before a failover', async () => {
    const { store, journal, lost, clock } = setUp();
    journal.capacity = 2;
    store.sequence = Infinity;
    journal.acknowledged(store, [key('a'), key('b'), key('c')]);
    failOver(store, clock.monotonic());
    store.failure = new Error('away');
    await expect(journal.ready(store)).rejects.toThrow('away');
    store.failure = undefined;
    await journal.ready(store);
    expect([lost, store.floor]).toEqual([['b', 'c'], 1]);
    // Nothing of the last minute is forgotten.
    await clock.advance('61s');
    failOver(store, clock.monotonic());
    await journal.ready(store);
    expect(store.floor).toBe(1);
  });
});

/** A shard that lives on has the key 'stayed' alone. */
function failOver(store: FakeStore, seenAt: number): void {
  store.connections++;
  store.failovers = { hasKey: (name) => name !== 'stayed', hasTags: true, seenAt };
}
