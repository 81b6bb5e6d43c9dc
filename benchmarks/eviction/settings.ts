/** Options of the simulation on the command line. */
import { FORMAT_NAMES, type FormatName } from './formats.js';

export interface EvictionOptions {
  /** A folder or file of traces; by default the built-in workloads. */
  readonly traces?: string | undefined;
  /** Sizes of the caches, separated by commas: entries, or shares of the keys such as `5%`. */
  readonly sizes?: string | undefined;
  /** The format of the traces; by default it is recognised. */
  readonly format?: string | undefined;
  /** Requests of a trace at most. */
  readonly limit?: string | undefined;
  /** The seed of the workloads and of the load times. */
  readonly seed?: string | undefined;
}

/** The size of a cache. */
export interface Size {
  readonly label: string;
  entriesFor(keys: number): number;
}

export interface EvictionSettings {
  readonly traces: string | undefined;
  readonly sizes: readonly Size[];
  readonly format: FormatName | undefined;
  readonly limit: number;
  readonly seed: number;
}

/** A bad option of the command line; the message names it and the allowed values. */
export class UsageError extends Error {}

/** Smaller bounds cannot be lowered for stores that exceed theirs. */
const MIN_ENTRIES = 20;
const MAX_ENTRIES = 10_000_000;
/** The keys are in a Map, which holds at most 2^24. */
const MAX_REQUESTS = 16_000_000;

/** @throws UsageError for a bad value. */
export function evictionSettings(options: EvictionOptions): EvictionSettings {
  const { traces, sizes = '1%,5%,20%', format, limit = '10000000', seed = '42' } = options;
  return {
    traces,
    sizes: sizes.split(',').map(sizeOf),
    format: format === undefined ? undefined : formatNamed(format),
    limit: integer('--limit', limit, 1, MAX_REQUESTS),
    seed: integer('--seed', seed, 0, 2 ** 32 - 1),
  };
}

function sizeOf(text: string): Size {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent === undefined) {
    const entries = integer('--sizes', text, MIN_ENTRIES, MAX_ENTRIES);
    return { label: `${entries} entries`, entriesFor: () => entries };
  }
  const share = Number(percent) / 100;
  if (share <= 0 || share > 1) throw new UsageError(`--sizes: ${text} is not in 0%–100%.`);
  return {
    label: `${percent} % of the keys`,
    entriesFor: (keys) => Math.max(MIN_ENTRIES, Math.round(keys * share)),
  };
}

function formatNamed(name: string): FormatName {
  const known = FORMAT_NAMES.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  throw new UsageError(`--format: unknown format '${name}'. Known are ${FORMAT_NAMES.join(', ')}.`);
}

function integer(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`${option}: '${text}' is not an integer from ${least} to ${most}.`);
}
