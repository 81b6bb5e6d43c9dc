import type { CacheOptions } from 'aurora-cache';
import * as fc from 'fast-check';

import {
  deferred,
  expectIdle,
  flush,
  setUp,
  type Deferred,
  type Setup,
} from '../unit/cache/harness.js';

/*
 * The cache against a trivial model: a map of what should be there, and a list of loads that have
 * begun and not settled. Loads settle by separate commands, in any order, long after others
 * have set, deleted, cleared or invalidated what they load.
 *
 * That it can fail was tried. Each of these lines of src, taken out alone, makes it fail:
 *   - fill.ts, `isOvertaken`: either side of its `||`                → a stale set
 *   - invalidator.ts, `exclude`: `this.fences.mark(…)`               → a stale set
 *   - invalidator.ts, `exclude`: `this.tiers.loads.detach(…)`        → callers join a load from before
 *   - invalidator.ts, `removeMatching`: `this.fences.…`              → a stale set
 *   - invalidator.ts, `removeMatching`: `this.tiers.loads.…`         → callers join a load from before
 *   - invalidator.ts, `removeTagged`: `this.tiers.loads.…`           → callers join a load from before
 *   - pipeline.ts, `register`: `core.loads.add(load, …)`             → a second load
 *   - in-flight.ts, `tryAccept`: the check of the tags           → an invalidated value is served
 *   - serve-stale.ts, `servableStale`: `held`, or state-machine.ts,
 *     `canServeStale`: `!fence.invalidatedLocally`                   → an invalidated value is served
 */

const KEYS = ['a1', 'a2', 'b1'] as const;
const TAGS = ['x', 'y'] as const;

interface Entry {
  readonly value: string;
  readonly freshUntil: number;
  readonly staleUntil: number;
  readonly tags: readonly string[];
  /** Taken away by a set, a delete, a pattern or a tag. */
  invalidated: boolean;
  /** Another load's result has taken its place: it may be served in grace, and need not be. */
  replaced: boolean;
}

interface Life {
  readonly ttl: number;
  readonly grace: number;
  readonly tags: readonly string[];
}

interface Load {
  readonly number: number;
  readonly key: string;
  readonly life: Life;
  /** Its tags become known with its result. */
  readonly tagsFollow: boolean;
  /** New callers join it. */
  joinable: boolean;
  /** Its key was set or invalidated since it began. */
  overtaken: boolean;
  readonly tagsSince: Set<string>;
  /** The expired entry when the load began, which may be served if the load fails. */
  readonly expired: Entry | undefined;
  /** With what each of them found in memory when they called. */
  readonly callers: { readonly number: number; readonly found: Entry | undefined }[];
}

interface Model {
  now: number;
  made: number;
  begun: number;
  called: number;
  readonly entries: Map<string, Entry>;
  readonly open: Load[];
}

interface Real extends Setup {
  readonly gates: Deferred<string>[];
  readonly outcomes: Map<number, { value: unknown } | { error: unknown }>;
  readonly hasStore: boolean;
}

type Command = fc.AsyncCommand<Model, Real>;

function fresh(model: Model, key: string): Entry | undefined {
  const entry = model.entries.get(key);
  return entry !== undefined && model.now < entry.freshUntil ? entry : undefined;
}

function invalidate(model: Model, key: string): void {
  const entry = model.entries.get(key);
  if (entry !== undefined) entry.invalidated = true;
  model.entries.delete(key);
  for (const load of model.open) {
    if (load.key !== key) continue;
    load.overtaken = true;
    load.joinable = false;
  }
}

function store(model: Model, key: string, value: string, life: Life): void {
  const before = model.entries.get(key);
  if (before !== undefined) before.replaced = true;
  const freshUntil = model.now + life.ttl * 1000;
  model.entries.set(key, {
    value,
    freshUntil,
    staleUntil: freshUntil + life.grace * 1000,
    tags: life.tags,
    invalidated: false,
    replaced: false,
  });
}

const graceOf = ({ grace }: Life) => (grace === 0 ? (false as const) : grace);

class Read implements Command {
  constructor(readonly key: string) {}
  check = () => true;
  async run(model: Model, { cache }: Real): Promise<void> {
    const expected = fresh(model, this.key);
    expect(await cache.has(this.key)).toBe(expected !== undefined);
    expect(await cache.get(this.key)).toBe(expected?.value);
    const many = await cache.getMany(KEYS);
    for (const key of KEYS) expect(many.get(key)).toBe(fresh(model, key)?.value);
  }
  toString = () => `read(${this.key})`;
}

class Write implements Command {
  constructor(
    readonly key: string,
    readonly life: Life,
  ) {}
  check = () => true;
  async run(model: Model, { cache }: Real): Promise<void> {
    const value = `set ${++model.made}`;
    invalidate(model, this.key);
    store(model, this.key, value, this.life);
    const { ttl, tags } = this.life;
    await cache.set(this.key, value, { ttl, grace: graceOf(this.life), tags });
  }
  toString = () => `set(${this.key}, ${JSON.stringify(this.life)})`;
}

class Delete implements Command {
  constructor(readonly key: string) {}
  check = () => true;
  async run(model: Model, { cache, hasStore }: Real): Promise<void> {
    const there = fresh(model, this.key) !== undefined;
    invalidate(model, this.key);
    const answer = await cache.delete(this.key);
    // A Map lets nothing expire, and returns that too.
    if (there || !hasStore) expect(answer).toBe(there);
  }
  toString = () => `delete(${this.key})`;
}

class Clear implements Command {
  constructor(readonly pattern: string) {}
  check = () => true;
  async run(model: Model, { cache, hasStore }: Real): Promise<void> {
    const matched = { '*': KEYS, 'a*': ['a1', 'a2'], '?1': ['a1', 'b1'] }[this.pattern] ?? [];
    const there = matched.filter((key) => fresh(model, key) !== undefined).length;
    for (const key of matched) invalidate(model, key);
    const answer = await cache.clear(this.pattern);
    if (hasStore) expect(answer).toBeGreaterThanOrEqual(there);
    else expect(answer).toBe(there);
  }
  toString = () => `clear(${this.pattern})`;
}

class InvalidateTag implements Command {
  constructor(readonly tag: string) {}
  check = () => true;
  async run(model: Model, { cache }: Real): Promise<void> {
    for (const [key, entry] of model.entries) {
      if (!entry.tags.includes(this.tag)) continue;
      entry.invalidated = true;
      model.entries.delete(key);
    }
    for (const load of model.open) {
      load.tagsSince.add(this.tag);
      if (load.tagsFollow || load.life.tags.includes(this.tag)) load.joinable = false;
    }
    await cache.invalidateTags(this.tag);
  }
  toString = () => `invalidateTags(${this.tag})`;
}

class Advance implements Command {
  constructor(readonly seconds: number) {}
  check = () => true;
  run(model: Model, { clock }: Real): Promise<void> {
    model.now += this.seconds * 1000;
    clock.jump(this.seconds);
    return Promise.resolve();
  }
  toString = () => `advance(${this.seconds})`;
}

class BeginLoad implements Command {
  constructor(
    readonly key: string,
    readonly life: Life,
    readonly tagsFollow: boolean,
  ) {}
  check = () => true;
  async run(model: Model, real: Real): Promise<void> {
    const { ttl, tags } = this.life;
    const caller = model.called++;
    const entry = model.entries.get(this.key);
    let load = model.open.find(({ key, joinable }) => key === this.key && joinable);
    // Without memory, an open load is joined before the store is read: what another load has put
    // there meanwhile is not seen yet.
    const hit =
      real.core.memory === undefined && load !== undefined ? undefined : fresh(model, this.key);
    if (hit === undefined) {
      if (load === undefined) {
        load = {
          number: model.begun++,
          key: this.key,
          life: this.life,
          tagsFollow: this.tagsFollow,
          joinable: true,
          overtaken: false,
          expired: entry,
          tagsSince: new Set(),
          callers: [],
        };
        model.open.push(load);
      }
      const found = real.core.memory === undefined ? undefined : entry;
      load.callers.push({ number: caller, found });
    }
    const loader = (): Promise<string> => {
      const gate = deferred<string>();
      real.gates.push(gate);
      return gate.promise;
    };
    void real.cache
      .getOrSet(this.key, loader, {
        ttl,
        grace: graceOf(this.life),
        tags: this.tagsFollow ? () => tags : tags,
      })
      .then(
        (value) => real.outcomes.set(caller, { value }),
        (error: unknown) => real.outcomes.set(caller, { error }),
      );
    await flush(1);
    // Promise 2: a load begins only where none is open, and always where none can be joined.
    expect(real.gates).toHaveLength(model.begun);
    expect(real.outcomes.get(caller)).toEqual(hit && { value: hit.value });
  }
  toString = () => `load(${this.key}, ${JSON.stringify(this.life)}, follow: ${this.tagsFollow})`;
}

class Settle implements Command {
  constructor(
    readonly choice: number,
    readonly ok: boolean,
  ) {}
  check = (model: Readonly<Model>) => model.open.length > 0;
  async run(model: Model, real: Real): Promise<void> {
    const [load] = model.open.splice(this.choice % model.open.length, 1) as [Load];
    const gate = real.gates[load.number] as Deferred<string>;
    const name = `load ${load.number}`;
    const { tags } = load.life;
    if (this.ok) {
      // Promise 3: what was overtaken goes to its callers, and is not stored.
      const refused = load.overtaken || tags.some((tag) => load.tagsSince.has(tag));
      const expired = load.callers.map(({ number }) => number);
      gate.resolve(name);
      await flush(1);
      for (const number of expired) expect(real.outcomes.get(number)).toEqual({ value: name });
      if (!refused) {
        store(model, load.key, name, load.life);
        // Loads that began earlier have an older value.
        for (const other of model.open) {
          if (other.key === load.key && other.number < load.number) other.overtaken = true;
        }
      }
    } else {
      const error = new Error(name);
      gate.reject(error);
      await flush(1);
      for (const { number, found } of load.callers) {
        const outcome = real.outcomes.get(number) as { value?: unknown; error?: unknown };
        const inGrace = [found, load.expired].filter(
          (entry) => entry !== undefined && !entry.invalidated && model.now < entry.staleUntil,
        );
        const [answer] = Object.values(outcome);
        // Promises 1 and 4: the loader's own error, unless an expired value stands in for it.
        const allowed: unknown[] = inGrace.map((entry) => entry?.value);
        if (inGrace.every((entry) => entry?.replaced)) allowed.push(error);
        expect(allowed).toContain(answer);
      }
    }
    // The current value is stored, and no error was cached.
    expect(await real.cache.get(load.key)).toBe(fresh(model, load.key)?.value);
  }
  toString = () => `settle(${this.choice}, ${this.ok ? 'ok' : 'failed'})`;
}

const key = fc.constantFrom(...KEYS);
const life = fc.record({
  ttl: fc.constantFrom(1, 5, 60),
  grace: fc.constantFrom(0, 0, 10, 100),
  tags: fc.subarray([...TAGS]),
});

const commands = [
  key.map((k) => new Read(k)),
  fc.tuple(key, life).map(([k, l]) => new Write(k, l)),
  key.map((k) => new Delete(k)),
  fc.constantFrom('*', 'a*', '?1', 'none').map((pattern) => new Clear(pattern)),
  fc.constantFrom(...TAGS).map((tag) => new InvalidateTag(tag)),
  fc.constantFrom(1, 4, 30).map((seconds) => new Advance(seconds)),
  fc.tuple(key, life, fc.boolean()).map(([k, l, follow]) => new BeginLoad(k, l, follow)),
  fc.tuple(key, life, fc.boolean()).map(([k, l, follow]) => new BeginLoad(k, l, follow)),
  fc.tuple(fc.nat(5), fc.boolean()).map(([choice, ok]) => new Settle(choice, ok)),
  fc.tuple(fc.nat(5), fc.boolean()).map(([choice, ok]) => new Settle(choice, ok)),
];

describe('the cache does what a map and a list of loads would', () => {
  it.each<[string, () => CacheOptions]>([
    ['memory alone', () => ({})],
    ['memory before a Map', () => ({ store: new Map() })],
    ['a Map alone', () => ({ store: new Map(), memory: false })],
  ])('%s', async (_, options) => {
    await fc.assert(
      fc.asyncProperty(fc.commands(commands, { maxCommands: 40, size: 'max' }), async (steps) => {
        // No load is taken over here: leases have other tests.
        const setup = setUp({ ...options(), lease: '1000d' } as object);
        const real: Real = {
          ...setup,
          gates: [],
          outcomes: new Map(),
          hasStore: setup.core.shared !== undefined,
        };
        const model: Model = {
          now: setup.clock.now(),
          made: 0,
          begun: 0,
          called: 0,
          entries: new Map(),
          open: [],
        };
        await fc.asyncModelRun(() => ({ model, real }), steps);
        while (model.open.length > 0)
          await new Settle(0, model.open.length % 2 === 0).run(model, real);
        // Every caller has a result, no error was swallowed, and all tables are empty.
        expect(real.outcomes.size).toBe(model.called);
        expect(setup.errors).toEqual([]);
        expectIdle(setup);
      }),
      { numRuns: 400, interruptAfterTimeLimit: 8000, markInterruptAsFailure: false },
    );
  });
});
