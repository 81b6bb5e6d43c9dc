import type { PlaceRepository } from './data.js';
import { zipf } from './zipf.js';

/** A request of the example's own endpoints. */
export interface PlannedRequest {
  readonly method: 'GET' | 'PATCH';
  readonly path: string;
  readonly body?: unknown;
}

const POPULAR = 2000;

/** How many of a hundred requests are of each kind. */
const MIX = {
  place: 50,
  search: 15,
  nearest: 12,
  country: 10,
  statistics: 8,
  missingPlace: 2,
  missingPath: 2,
  population: 1,
} as const;

/**
 * Realistic requests: mostly for popular places, sometimes for one that is not cached yet, and now and
 * then for one that does not exist.
 *
 * @returns A function that returns the next request.
 */
export function requests(repository: PlaceRepository, random: () => number): () => PlannedRequest {
  const places = repository.sample(repository.size).sort((a, b) => b.population - a.population);
  const popular = places.slice(0, POPULAR);
  const countries = [...new Set(places.map(({ country }) => country))];
  const nextPlace = zipf(popular.length, random);
  const nextCountry = zipf(countries.length, random);
  const kinds = Object.entries(MIX).flatMap(([kind, share]) =>
    Array.from({ length: share }, () => kind as keyof typeof MIX),
  );
  const get = (path: string): PlannedRequest => ({ method: 'GET', path });

  return () => {
    const kind = kinds[Math.floor(random() * kinds.length)] ?? 'place';
    const place = popular[nextPlace()];
    const country = countries[nextCountry()] ?? '';
    if (place === undefined) throw new Error('There are no places.');
    const { latitude, longitude } = place.position;
    switch (kind) {
      case 'place':
        return get(`/places/${place.id}`);
      case 'search':
        return get(`/search?q=${encodeURIComponent(place.name.slice(0, 4))}`);
      case 'nearest':
        return get(`/nearest?lat=${latitude}&lng=${longitude}`);
      case 'country':
        return get(`/countries/${country}`);
      case 'statistics':
        return get(`/countries/${country}/statistics`);
      case 'missingPlace':
        return get(`/places/${1 + Math.floor(random() * 1000)}`);
      case 'missingPath':
        return get('/favicon.ico');
      case 'population': {
        const population = Math.round(place.population * (0.95 + random() / 10));
        return { method: 'PATCH', path: `/places/${place.id}`, body: { population } };
      }
    }
  };
}
