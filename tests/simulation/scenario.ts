import { Random } from './random.js';

/** How a key's tags come about: none, known before the load, or made of its result. */
export type TagMode = 'none' | 'static' | 'result';

/** How a key is cached, the same in all processes. */
export interface KeyPlan {
  readonly key: string;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly softMs: number | undefined;
  readonly hardMs: number | undefined;
  readonly refreshAhead: number | undefined;
  readonly tags: TagMode;
}

interface ProcessPlan {
  readonly hasMemory: boolean;
  readonly skewMs: number;
}

/** An action in one of the processes. */
export type Deed =
  | { readonly kind: 'getOrSet' | 'get'; readonly key: string }
  | { readonly kind: 'getMany' }
  /** A new version in the database, and after a while what makes it known. */
  | {
      readonly kind: 'write';
      readonly by: 'delete' | 'set' | 'tag' | 'resultTag' | 'clear' | 'deleteMany' | 'setMany';
      readonly key: string;
      readonly gapMs: number;
    }
  /** An invalidation that nothing has changed for. */
  | { readonly kind: 'delete'; readonly key: string };

interface Step {
  readonly at: number;
  readonly process: number;
  readonly deed: Deed;
}

type FaultKind =
  /** The bus connection breaks, and is back later. */
  | 'bus lost'
  /** Nothing arrives on the bus; it is noticed within {@link Scenario.detectionMs}. */
  | 'bus silent'
  /** The command connection breaks, and is back later. */
  | 'commands lost'
  | 'both lost'
  /** The server carries nothing out for a while. */
  | 'stall'
  /** The server loses all data and connections. */
  | 'restart'
  /** The server restarts from an earlier state, or a replica in such a state takes over. */
  | 'rollback'
  /** The same from its latest state: planned, or by a replica in step. */
  | 'handover'
  | 'flush'
  /** The tags' hash is evicted. */
  | 'tags lost'
  /** The value of a key is evicted. */
  | 'evict';

export interface Fault {
  readonly at: number;
  readonly kind: FaultKind;
  readonly process: number;
  readonly lastsMs: number;
}

/** A process whose cache is closed at some time, or was disabled from the start. */
interface Closing {
  readonly process: number;
  /** `undefined`: it is disabled. */
  readonly at: number | undefined;
}

/** Everything that a seed decides beforehand; delays and loads are drawn on the way. */
export interface Scenario {
  readonly seed: number;
  readonly tracking: boolean;
  readonly processes: readonly ProcessPlan[];
  readonly keys: readonly KeyPlan[];
  readonly steps: readonly Step[];
  readonly faults: readonly Fault[];
  /** Caches that are off, for good. */
  readonly closings?: readonly Closing[];
  /** Longest way of a command or a reply, without stalls. */
  readonly commandMs: number;
  /** Longest way of a message. */
  readonly busMs: number;
  /** From the silence of a bus until it is noticed, at most. */
  readonly detectionMs: number;
  readonly leaseMs: number;
  readonly storeTimeoutMs: number;
  /** Longest load, but for those that hang. */
  readonly loadMs: number;
  /** Share of loads that take several leases. */
  readonly hangs: number;
  /** Share of loads that fail. */
  readonly fails: number;
  /** How long before it a rollback's state was saved. */
  readonly snapshotMs: number;
  /** Invalidations that a process can repeat. */
  readonly journal: number;
  /** Keys per command of a bulk call, and commands of one call in flight. Default: as in production. */
  readonly bulk?: { readonly chunk: number; readonly chunksInFlight: number };
  /** When the last step has been taken. */
  readonly endMs: number;
}

const KEYS = ['a:1', 'a:2', 'b:1', 'b:2'] as const;
export const STATIC_TAG = 'all';
/** Number of tags that results have. */
const RESULT_TAGS = 3;

/** Reconnecting takes longer than the longest way, as it does in reality. */
const RECONNECT_MS = 60;

export function tagsOf(mode: TagMode, version: number): readonly string[] {
  if (mode === 'none') return [];
  return mode === 'static' ? [STATIC_TAG] : [resultTag(version)];
}

export function resultTag(version: number): string {
  return `v${version % RESULT_TAGS}`;
}

export function scenarioOf(seed: number): Scenario {
  const random = new Random(seed);
  const endMs = random.pick([60, 150, 400, 800]);
  const memory = random.pick(['all', 'none', 'some'] as const);
  const isSkewed = random.chance(0.3);
  const processes = Array.from({ length: random.int(2, 4) }, () => ({
    hasMemory: memory === 'all' || (memory === 'some' && random.chance(0.5)),
    skewMs: isSkewed ? random.int(-5000, 5000) : 0,
  }));
  const keys = KEYS.slice(0, random.int(1, KEYS.length)).map((key) => keyPlan(key, random));
  const length = random.int(10, 45);
  const steps = Array.from({ length }, () => ({
    // Bursts as well: much happens in the same millisecond.
    at: random.chance(0.3) ? random.int(0, endMs / 10) * 10 : random.int(0, endMs),
    process: random.int(0, processes.length - 1),
    deed: deed(keys, random),
  }));
  const leaseMs = random.pick([80, 200, 1000]);
  return {
    ...{ seed, processes, keys, endMs, leaseMs, steps },
    tracking: random.chance(0.5),
    faults: random.chance(0.5) ? [] : faults(processes.length, endMs, random),
    commandMs: random.pick([0, 3, 12, 30]),
    busMs: random.pick([0, 3, 12, 40]),
    detectionMs: random.pick([30, 100]),
    storeTimeoutMs: random.pick([150, 500]),
    loadMs: random.pick([0, 5, 20, 60]),
    hangs: random.chance(0.15) ? 0.1 : 0,
    fails: random.chance(0.2) ? 0.2 : 0,
    ...rollbacks(seed),
  };
}

/** Drawn apart, so that the seeds of before mean what they meant. */
function rollbacks(seed: number): Pick<Scenario, 'snapshotMs' | 'journal'> {
  const random = new Random(seed ^ 0x5eed);
  return {
    snapshotMs: random.pick([20, 60, 200]),
    journal: random.pick([1, 2, 10_000]),
  };
}

/** Faults through which a cache that is closing can still confirm its invalidations. */
const HARMLESS: readonly FaultKind[] = ['bus lost', 'bus silent', 'flush', 'tags lost', 'evict'];

/** The seed's scenario with one or two caches that are closed on the way, or disabled. */
export function closingScenarioOf(seed: number): Scenario {
  const scenario = scenarioOf(seed);
  const random = new Random(seed ^ 0x5eed);
  const first = random.int(0, scenario.processes.length - 1);
  const both = scenario.processes.length > 2 && random.chance(0.4);
  const off = both ? [first, (first + 1) % scenario.processes.length] : [first];
  return {
    ...scenario,
    faults: scenario.faults.filter(({ kind }) => HARMLESS.includes(kind)),
    closings: off.map((process) => ({
      process,
      at: random.chance(0.2) ? undefined : random.int(0, scenario.endMs),
    })),
  };
}

/**
 * The seed's scenario with bulk writes, cut into several commands, which single writes of one of their
 * keys follow closely.
 */
export function bulkScenarioOf(seed: number): Scenario {
  const scenario = scenarioOf(seed);
  const random = new Random(seed ^ 0xb01c);
  const steps = scenario.steps.flatMap((step) => {
    const { at, process, deed } = step;
    if (deed.kind !== 'write' || !random.chance(0.6)) return [step];
    const by = random.pick(['deleteMany', 'setMany', 'setMany'] as const);
    const bulk: Step = { at, process, deed: { ...deed, by, gapMs: 0 } };
    if (random.chance(0.5)) return [bulk];
    const key = random.pick(scenario.keys).key;
    const after = random.int(0, 2 * scenario.commandMs);
    const single = random.pick(['delete', 'set'] as const);
    return [
      bulk,
      { at: at + after, process, deed: { kind: 'write' as const, by: single, key, gapMs: 0 } },
    ];
  });
  return {
    ...scenario,
    steps,
    endMs: scenario.endMs + 2 * scenario.commandMs,
    bulk: { chunk: random.int(1, 2), chunksInFlight: random.int(1, 2) },
  };
}

function keyPlan(key: string, random: Random): KeyPlan {
  const ttlMs = random.chance(0.35) ? random.int(5, 100) : 60_000;
  const graceMs = random.chance(0.35) ? random.int(50, 1000) : 0;
  return {
    ...{ key, ttlMs, graceMs },
    softMs: graceMs > 0 && random.chance(0.4) ? random.int(1, 30) : undefined,
    hardMs: random.chance(0.1) ? random.int(10, 100) : undefined,
    refreshAhead: random.chance(0.2) ? 0.5 : undefined,
    tags: random.pick(['none', 'static', 'result'] as const),
  };
}

function deed(keys: readonly KeyPlan[], random: Random): Deed {
  const { key, tags } = random.pick(keys);
  const dice = random.next();
  if (dice < 0.5) return { kind: 'getOrSet', key };
  if (dice < 0.58) return { kind: 'get', key };
  if (dice < 0.63) return { kind: 'getMany' };
  if (dice < 0.66) return { kind: 'delete', key };
  const gapMs = random.chance(0.7) ? 0 : random.int(1, 20);
  const tagged = tags === 'none' ? [] : [tags === 'static' ? 'tag' : 'resultTag'];
  const by = random.pick(['delete', 'set', 'clear', ...tagged, ...tagged] as const);
  return { kind: 'write', by: by as 'delete', key, gapMs };
}

function faults(processes: number, endMs: number, random: Random): Fault[] {
  const kinds: FaultKind[] = [
    ...(['bus lost', 'bus silent', 'commands lost', 'both lost', 'stall'] as const),
    ...(['restart', 'flush', 'tags lost', 'evict'] as const),
  ];
  const found = Array.from({ length: random.int(1, 4) }, () => ({
    at: random.int(0, endMs),
    kind: random.pick(kinds),
    process: random.int(0, processes - 1),
    lastsMs: RECONNECT_MS + random.int(0, random.pick([40, 400, 900])),
  }));
  // Drawn last, so that the seeds of before mean what they meant.
  return found.map((fault) =>
    fault.kind !== 'restart' && !random.chance(0.25)
      ? fault
      : { ...fault, kind: random.pick(['restart', 'rollback', 'rollback', 'handover'] as const) },
  );
}
