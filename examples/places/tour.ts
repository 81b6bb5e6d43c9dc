import { cacheControl, type CacheManager } from 'aurora-cache';

import type { PlaceRepository } from './data.js';
import { timeOf, timeOfHit, traffic, type Subject } from './measure.js';
import type { PlaceService } from './place-service.js';
import { compact, duration, integer, paragraph, step, table } from './report.js';

const CALLS_PER_METHOD = 2000;
const FILL = 1500;
const BERLIN = 2950159;

type Print = (text: string) => void;

/** Uses the service as its users would, and prints what the cache made of it. */
export async function tour(
  cache: CacheManager,
  repository: PlaceRepository,
  service: PlaceService,
  print: Print,
): Promise<void> {
  print(`${integer(repository.size)} places, ${integer(CALLS_PER_METHOD)} calls of each method\n`);
  const { hits, loads } = await showMethods(cache, repository, service, print);
  await showSingleFlight(cache, service, print);
  await showInvalidation(cache, repository, service, print);
  await showEviction(cache, repository, service, print);
  await showTimings(cache, print);
  print(
    paragraph(
      `Summary: of ${integer(hits + loads)} calls, ${integer(hits)} were served from memory ` +
        `and ${integer(loads)} ran the method. Concurrent calls shared one run, memory kept to ` +
        `its bound, and invalidated entries were loaded again at the next call.`,
    ),
  );
}

async function showMethods(
  cache: CacheManager,
  repository: PlaceRepository,
  service: PlaceService,
  print: Print,
): Promise<{ hits: number; loads: number }> {
  const rows: string[][] = [];
  const total = { hits: 0, loads: 0 };
  for (const subject of subjects(repository, service)) {
    const [mostFrequent = () => undefined] = subject.calls;
    const first = await timeOf(mostFrequent);
    await traffic(subject, CALLS_PER_METHOD - 1);
    // Read before the hits are timed, which would improve the hit rate.
    const figures = await figuresOf(cache, `PlaceService.${subject.method}`);
    const hit = await timeOfHit(mostFrequent);
    const { p50, p99 } = figures.loadTimes;
    rows.push([
      subject.method,
      duration(first),
      duration(hit),
      `${compact(p50 / hit)}x`,
      integer(figures.hits),
      integer(figures.misses),
      figures.hitRate.toFixed(2),
      p50.toFixed(2),
      p99.toFixed(2),
    ]);
    total.hits += figures.hits;
    total.loads += figures.loads;
  }
  print(
    table(['method', 'first', 'cached', 'speed-up', 'hits', 'misses', 'hit %', 'p50', 'p99'], rows),
  );
  print('p50 and p99: milliseconds of the runs of the method. Speed-up: p50 / cached.\n');
  return total;
}

/** The calls of each method: forty different ones, of the places with the most inhabitants. */
function subjects(repository: PlaceRepository, service: PlaceService): Subject[] {
  const places = repository.sample(repository.size).sort((a, b) => b.population - a.population);
  const popular = places.slice(0, 40);
  const countries = [...new Set(places.map(({ country }) => country))].slice(0, 40);
  return [
    {
      method: 'findPlace',
      calls: popular.map(
        ({ id }) =>
          () =>
            service.findPlace(id),
      ),
    },
    {
      method: 'search',
      calls: popular.map(
        ({ name }) =>
          () =>
            service.search(name.slice(0, 3), 5),
      ),
    },
    {
      method: 'nearest',
      calls: popular.map(
        ({ position }) =>
          () =>
            service.nearest(position, 5),
      ),
    },
    { method: 'countryName', calls: countries.map((code) => () => service.countryName(code)) },
    {
      method: 'countryStatistics',
      calls: countries.map((code) => () => service.countryStatistics(code)),
    },
  ];
}

async function showSingleFlight(cache: CacheManager, service: PlaceService, print: Print) {
  const before = await cache.getStats();
  await Promise.all(Array.from({ length: 100 }, () => service.search('reyk', 3)));
  const after = await cache.getStats();
  print('Single flight');
  print(
    step(
      "100 concurrent search('reyk', 3)",
      `${after.loads - before.loads} run, ${after.joined - before.joined} waited for it`,
    ),
  );
}

async function showInvalidation(
  cache: CacheManager,
  repository: PlaceRepository,
  service: PlaceService,
  print: Print,
) {
  const population = () => populationOfGermany(service);

  print('\nInvalidation by pattern');
  print(step("countryStatistics('DE').population", await population()));
  const berlin = await repository.find(BERLIN);
  if (berlin === undefined) throw new Error('Berlin is not in the data.');
  await repository.save({ ...berlin, population: berlin.population + 100_000 });
  print(step('100,000 move to Berlin, unnoticed', await population()));
  print(step("cache.clear('country:*')", `${await cache.clear('country:*')} entries removed`));
  print(step('the next call', await population()));

  print('\nInvalidation by @CacheEvict');
  const control = cacheControl(service, 'findPlace');
  await service.findPlace(BERLIN);
  print(step('key of findPlace', control.keyFor(BERLIN)));
  await service.updatePopulation(BERLIN, 4_000_000);
  const cached = await cache.has(control.keyFor(BERLIN));
  print(step(`updatePopulation(${BERLIN}, 4000000)`, cached ? 'still cached' : 'no longer cached'));
  const updated = await service.findPlace(BERLIN);
  print(step('the next call, population', integer(updated?.population ?? NaN)));
  print(step("countryStatistics('DE').population", await population()));
  const added = { ...berlin, id: 1, name: 'Nova Berolina' };
  print(step('findPlace(1)', (await service.findPlace(1))?.name ?? 'none, which is cached too'));
  await service.addPlace(added);
  print(step('findPlace(1) after addPlace', (await service.findPlace(1))?.name ?? 'none'));
}

/** Calls, and says whether the method ran. */
async function populationOfGermany(service: PlaceService): Promise<string> {
  const control = cacheControl(service, 'countryStatistics');
  const { loads } = control.cacheInfo();
  const { population } = await service.countryStatistics('DE');
  return `${integer(population)} (${control.cacheInfo().loads > loads ? 'loaded' : 'cached'})`;
}

async function showEviction(
  cache: CacheManager,
  repository: PlaceRepository,
  service: PlaceService,
  print: Print,
) {
  const control = cacheControl(service, 'findPlace');
  const before = await cache.getStats();
  const places = repository.sample(FILL);
  for (const { id } of places) await service.findPlace(id);
  const after = await cache.getStats();
  const held = async (index: number): Promise<string> => {
    const { id = 0 } = places.at(index) ?? {};
    return (await cache.has(control.keyFor(id))) ? 'in memory' : 'evicted';
  };
  print(`\nEviction (maxMemoryItems: ${after.maxSize})`);
  print(step('entries before', integer(before.totalKeys)));
  print(step(`after findPlace of ${integer(FILL)} more`, integer(after.totalKeys)));
  print(step('evictions', integer(after.evictions - before.evictions)));
  print(step('the first of them, the last', `${await held(0)}, ${await held(-1)}`));
}

async function showTimings(cache: CacheManager, print: Print) {
  const { methods, slowCalls } = await cache.getStats();
  const timed = methods.flatMap(({ timing }) => timing ?? []);
  print('');
  print(
    table(
      ['@Timed', 'calls', 'errors', 'p50', 'p99', 'slow'],
      timed.map(({ name, calls, errors, durations, slow }) => [
        name,
        integer(calls),
        integer(errors),
        duration(durations.p50),
        duration(durations.p99),
        integer(slow),
      ]),
    ),
  );
  const [latest] = slowCalls;
  const last = latest && `, the last took ${duration(latest.durationMs)}`;
  print(`Calls in the slow log: ${slowCalls.length}${last ?? ''}\n`);
}

async function figuresOf(cache: CacheManager, name: string) {
  const { methods } = await cache.getStats();
  const figures = methods.find((method) => method.name === name)?.cache;
  if (figures === undefined) throw new Error(`${name} has not been called.`);
  return figures;
}
