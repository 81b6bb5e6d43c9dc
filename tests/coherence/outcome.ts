import type { Inspection, RunReport, RunSpec } from './protocol.js';

/**
 * For so long after the acknowledgement a memory may serve the value before; on a busy machine longer
 * by {@link ROUND_TRIPS}, as they take during the run.
 */
export const BOUND_MS = 250;
/** A message is one way of a trip; processes have different luck. */
const ROUND_TRIPS = 2;

/** The merged findings of all processes. */
export interface Outcome extends RunReport, Inspection {}

/** @param delayMs - How late the process was that runs the proxy, in ms. */
export function together(
  reports: readonly RunReport[],
  inspections: readonly Inspection[] = [],
  delayMs = 0,
): Outcome {
  const sum = (key: 'reads' | 'writes' | 'loads' | 'failed' | 'unchecked' | 'stale' | 'ownStale') =>
    reports.reduce((total, report) => total + report[key], 0);
  return {
    reads: sum('reads'),
    writes: sum('writes'),
    loads: sum('loads'),
    failed: sum('failed'),
    unchecked: sum('unchecked'),
    stale: sum('stale'),
    ownStale: sum('ownStale'),
    longestMs: Math.max(...reports.map(({ longestMs }) => longestMs)),
    longestDeafMs: Math.max(...reports.map(({ longestDeafMs }) => longestDeafMs)),
    lateMs: Math.ceil(Math.max(...reports.map(({ lateMs }) => lateMs), delayMs)),
    errors: [...new Set(reports.flatMap(({ errors }) => errors))],
    examples: reports.flatMap(({ examples }) => examples),
    differing: inspections.flatMap(({ differing }) => differing),
    compared: inspections.reduce((total, { compared }) => total + compared, 0),
    leftovers: inspections.reduce((total, { leftovers }) => total + leftovers, 0),
  };
}

export function inWords(outcome: Outcome, spec: RunSpec): string {
  const { reads, writes, loads, failed, unchecked, stale } = outcome;
  const { longestMs, longestDeafMs, lateMs } = outcome;
  const longest = (ms: number): string => (ms < 0 ? 'none' : `${ms} ms`);
  return [
    `${reads} reads, ${writes} writes, ${loads} loads`,
    ...(failed > 0 ? [`${failed} failed as planned`] : []),
    ...(unchecked > 0 ? [`${unchecked} unchecked`] : []),
    `${stale} stale, longest ${longest(longestMs)}`,
    ...(spec.memory ? [`while deaf ${longest(longestDeafMs)}`] : []),
    `round trips of up to ${lateMs} ms`,
    ...outcome.errors,
  ].join(', ');
}

/** @param isBounded - An old value may be served for a bounded time; otherwise never. */
export function faultsOf(outcome: Outcome, isBounded: boolean, boundMs = BOUND_MS): string[] {
  const { stale, ownStale, longestMs, longestDeafMs, lateMs, examples } = outcome;
  const slackMs = ROUND_TRIPS * lateMs;
  const isLong = longestMs > boundMs + slackMs || longestDeafMs > BOUND_MS + slackMs;
  const tooOld = isBounded ? isLong : stale > 0;
  return [...(tooOld || ownStale > 0 ? ['stale', ...examples] : []), ...outcome.differing];
}

export function expectSound(outcome: Outcome, isBounded: boolean, boundMs?: number): void {
  expect(faultsOf(outcome, isBounded, boundMs)).toEqual([]);
  expect(outcome.leftovers).toBe(0);
  // Otherwise it has not looked. How many values are left at the end depends on the machine's speed;
  // each run ensures a minimum of reads and writes by itself.
  expect(outcome.compared).toBeGreaterThan(0);
}
