import { CacheConfig, Cached, CacheEvict, Memoized, pattern, Timed } from 'aurora-cache';

import type { Place, PlaceRepository, Position } from './data.js';

export interface Neighbour {
  readonly place: Place;
  readonly km: number;
}

export interface CountryStatistics {
  readonly country: string;
  readonly name: string;
  readonly places: number;
  readonly population: number;
  readonly largest: Place | undefined;
}

/**
 * A service as one would write it without a cache, and the decorators on top. All instances read
 * the same table, so that they may share their results; a service whose results depend on the
 * instance (its tenant, its user) must say so with the option `scope`.
 */
@CacheConfig({ ttl: '10m' })
export class PlaceService {
  constructor(private readonly repository: PlaceRepository) {}

  /** Key: `place:2950159:findPlace`. That there is no such place is cached as well. */
  @Cached({ keyPrefix: 'place' })
  async findPlace(id: number): Promise<Place | undefined> {
    return await this.repository.find(id);
  }

  /** The most populous places whose names begin with a text, ignoring case and accents. */
  @Cached({ keyPrefix: 'search', unless: (found: readonly Place[]) => found.length === 0 })
  async search(prefix: string, limit: number): Promise<readonly Place[]> {
    const wanted = folded(prefix);
    const found: Place[] = [];
    await this.repository.scan((place) => {
      if (folded(place.name).startsWith(wanted)) found.push(place);
    });
    return found.sort((a, b) => b.population - a.population).slice(0, limit);
  }

  /** The `count` places nearest to a position. Objects are fine as arguments: they are encoded. */
  @Cached({ keyPrefix: 'nearest' })
  async nearest(position: Position, count: number): Promise<readonly Neighbour[]> {
    const found: Neighbour[] = [];
    await this.repository.scan((place) => {
      const km = greatCircleKm(position, place.position);
      const farther = found.findIndex((other) => other.km > km);
      if (farther < 0 && found.length >= count) return;
      found.splice(farther < 0 ? found.length : farther, 0, { place, km });
      if (found.length > count) found.pop();
    });
    return found;
  }

  @Cached({ keyPrefix: 'country' })
  async countryStatistics(country: string): Promise<CountryStatistics> {
    let places = 0;
    let population = 0;
    let largest: Place | undefined;
    await this.repository.scan((place) => {
      if (place.country !== country) return;
      places++;
      population += place.population;
      if (largest === undefined || place.population > largest.population) largest = place;
    });
    return { country, name: this.countryName(country), places, population, largest };
  }

  /** Synchronous, and stays so. Creating an Intl formatter costs much more than using one. */
  @Memoized({ ttl: '1d' })
  countryName(country: string): string {
    return new Intl.DisplayNames(['en'], { type: 'region' }).of(country) ?? country;
  }

  /**
   * Changes a place and removes outdated entries: everything cached about the place, and the results of
   * methods that may contain it.
   *
   * @throws if there is no such place; then nothing is removed.
   */
  @Timed()
  @CacheEvict({
    pattern: (id: number) => pattern`place:${id}:*`,
    methods: ['search', 'nearest', 'countryStatistics'],
  })
  async updatePopulation(id: number, population: number): Promise<Place> {
    const place = await this.repository.find(id);
    if (place === undefined) throw new Error(`There is no place ${id}.`);
    const updated = { ...place, population };
    await this.repository.save(updated);
    return updated;
  }

  /** Of the statistics, only those of the place's own country are out of date. */
  @Timed()
  @CacheEvict({
    pattern: (place: Place) => pattern`place:${place.id}:*`,
    methods: {
      search: true,
      nearest: true,
      countryStatistics: (place: Place) => [place.country],
    },
  })
  async addPlace(place: Place): Promise<void> {
    await this.repository.save(place);
  }
}

/** Lower case without accents: `São` and `sao` are the same in a search. */
function folded(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase();
}

const EARTH_RADIUS_KM = 6371;

/** Length of the shortest way over the surface, by the haversine formula. */
function greatCircleKm(a: Position, b: Position): number {
  const lat1 = radians(a.latitude);
  const lat2 = radians(b.latitude);
  const h =
    Math.sin((lat2 - lat1) / 2) ** 2 +
    Math.cos(lat1) * Math.cos(lat2) * Math.sin(radians(b.longitude - a.longitude) / 2) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(h));
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
