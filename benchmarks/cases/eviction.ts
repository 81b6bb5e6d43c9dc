/** How many hits, and how much load time, the eviction policies of the stores save on traces. */
import { shippedStores } from '../eviction/contestants.js';
import { COST_MODELS } from '../eviction/costs.js';
import { readTraces } from '../eviction/files.js';
import { forecastsOf, offBy, type Forecast } from '../eviction/forecasts.js';
import {
  evictionSettings,
  UsageError,
  type EvictionOptions,
  type EvictionSettings,
  type Size,
} from '../eviction/settings.js';
import { simulate, type Outcome } from '../eviction/simulate.js';
import { speedTable } from '../eviction/speed.js';
import {
  differenceTable,
  forecastTable,
  hitTable,
  meanShare,
  meanTimes,
  optimumTable,
  timeTable,
  traceTable,
} from '../eviction/tables.js';
import type { Trace } from '../eviction/trace.js';
import { syntheticTraces } from '../eviction/workloads.js';
import { atLeast, atMost, type Bar, type BenchOptions, type Report } from '../harness/report.js';
import { storeRivals } from '../harness/rivals.js';
import type { StoreRival } from '../rivals/store.js';

const REQUESTS = 200_000;

/** @throws UsageError for a bad option, and where there is no trace. */
export async function eviction(bench: BenchOptions & EvictionOptions): Promise<Report> {
  const settings = evictionSettings(bench);
  const { traces, notes } = await tracesOf(settings, bench);
  const rivals = bench.rivals ? await storeRivals() : [];
  const stores = [...shippedStores, ...rivals];
  const outcomes = traces.flatMap((trace) =>
    simulate(trace, settings.sizes, stores, settings.seed),
  );
  // In a quick run one trace says whether the measurement works.
  const timed = bench.quick ? traces.slice(0, 1) : traces;
  const middle = settings.sizes[Math.floor(settings.sizes.length / 2)] as Size;
  const forecasts = traces.flatMap((trace) => forecastsOf(trace, middle.entriesFor(trace.keys)));
  return {
    tables: [
      traceTable(traces, notes),
      hitTable(outcomes, notesOn(stores)),
      optimumTable(outcomes),
      ...(stores.length > 1 ? [differenceTable(outcomes)] : []),
      timeTable(outcomes, settings.seed),
      forecastTable(forecasts),
      await speedTable(timed, middle, stores, bench),
    ],
    bars: [
      ...hitBars(outcomes, rivals),
      ...costBars(outcomes, settings.seed),
      ...forecastBars(forecasts),
    ],
  };
}

function notesOn(stores: readonly StoreRival[]): string[] {
  const notes = stores.flatMap(({ name, note }) => (note === undefined ? [] : `${name}: ${note}.`));
  const lowered = stores.filter(({ strictBound }) => strictBound !== undefined);
  if (lowered.length === 0) return notes;
  const names = lowered.map(({ name }) => name).join(' and ');
  return [...notes, `${names} get a lower bound here, so that all hold equally many.`];
}

function hitBars(outcomes: readonly Outcome[], rivals: readonly StoreRival[]): Bar[] {
  const [lru, adaptive] = shippedStores.map(({ name }) => meanShare(outcomes, name));
  const best = Math.max(...rivals.map(({ name }) => meanShare(outcomes, name)));
  const ratio = (other = NaN): number => (adaptive ?? NaN) / other;
  return [
    atLeast("adaptive: mean share of the optimum, of LRU's", 1, ratio(lru)),
    ...(rivals.length > 0
      ? [atLeast("adaptive: mean share of the optimum, of the best rival's", 1, ratio(best))]
      : []),
  ];
}

/** The time that the adaptive store saves with the costs of loads, relative to the same store without. */
function costBars(outcomes: readonly Outcome[], seed: number): Bar[] {
  const stores = shippedStores.filter(({ weighsCosts }) => weighsCosts === true);
  return stores.flatMap(({ name }) =>
    COST_MODELS.map((model) => {
      const { byHits, byCosts } = meanTimes(outcomes, model, name, seed);
      // Where costs are equal, at most a percentage point may be lost.
      const aim = model.aim ?? 1 - 0.01 / byHits;
      return atLeast(`time saved by costs, of that by hits: ${model.name}`, aim, byCosts / byHits);
    }),
  );
}

/** For the estimates that there are: short traces and small stores have none. */
function forecastBars(forecasts: readonly Forecast[]): Bar[] {
  const bar = (what: string, aim: number, some: readonly Forecast[]): Bar[] =>
    some.length === 0 ? [] : [atMost(what, aim, Math.max(...some.map(offBy)), ' points')];
  const sizes = forecasts.filter(({ option }) => option === 'size');
  const lives = forecasts.filter(({ option, times }) => option === 'life' && times === 2);
  return [
    ...bar('estimates of other sizes are off by', 2, sizes),
    ...bar('estimates of twice the life are off by', 1.5, lives),
  ];
}

async function tracesOf(
  { traces: path, seed, format, limit }: EvictionSettings,
  { quick }: BenchOptions,
): Promise<{ traces: Trace[]; notes: string[] }> {
  if (path === undefined) {
    return {
      traces: syntheticTraces(quick ? REQUESTS / 50 : REQUESTS, seed),
      notes: [`Seed ${seed}.`],
    };
  }
  const { traces, skipped } = await readTraces(path, { format, limit });
  const reasons = skipped.map((reason) => `Skipped ${reason}`);
  if (traces.length > 0) return { traces, notes: [...reasons, `Seed of the load times: ${seed}.`] };
  throw new UsageError([`--traces: ${path} holds no trace.`, ...reasons].join('\n'));
}
