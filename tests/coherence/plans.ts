import type { RunSpec, SubjectKind } from './protocol.js';

export const PROCESSES = 4;
export const SEED = Number(process.env['COHERENCE_SEED'] ?? 20260823);
/** Of a run; longer ones look longer for what is rare. */
export const DURATION_MS = Number(process.env['COHERENCE_MS'] ?? 1500);

const KINDS: readonly SubjectKind[] = [
  ...(['plain', 'swept', 'known', 'found', 'method', 'function', 'own'] as const),
];

/** The defaults of a plan. */
export const USUAL = {
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
  journalCapacity: undefined,
} as const satisfies Partial<RunSpec>;

/** A plan: how a run differs from {@link USUAL}. */
export type Changes = Partial<RunSpec>;

/** Entries expire and loads fail. */
export const GRACE = { grace: true, failures: 0.1 } as const satisfies Changes;

/** Calls on several hundred keys, beside others on one of them. */
export const MANY: Changes = {
  kinds: ['removed', 'stored'],
  subjects: PROCESSES,
  writers: 3,
  writePauseMs: [0, 60],
};

/** Loads that others do not wait for to the end, and that are invalidated in the middle. */
export const SLOW: Changes = {
  leaseMs: 100,
  loadMs: [0, 500],
  queryAt: [0, 0.5],
  readers: 24,
  writers: 1,
  writePauseMs: [10, 100],
};
