import { Router } from 'express';

import { countOf, countryOf, idOf, placeOf, populationOf, positionOf, prefixOf } from './input.js';
import type { PlaceService } from './place-service.js';
import { notFound, only, Problem } from './problem.js';

const ENDPOINTS = [
  'GET /places/2950159',
  'PATCH /places/2950159 {"population": 4000000}',
  'POST /places {"id", "name", "country", "population", "position": {"latitude", "longitude"}}',
  'GET /search?q=san&limit=5',
  'GET /nearest?lat=52.52&lng=13.41&count=5',
  'GET /countries/DE',
  'GET /countries/DE/statistics',
  'GET /api/performance/stats',
  'GET /metrics',
];

/** The service over HTTP. There is nothing of the cache in here: it is behind the service's methods. */
export function placeRoutes(service: PlaceService): Router {
  const router = Router();

  router
    .route('/')
    .get((_request, response) => {
      response.json({ endpoints: ENDPOINTS });
    })
    .all(only('GET'));

  router
    .route('/places')
    .post(async (request, response) => {
      const place = placeOf(request.body);
      if ((await service.findPlace(place.id)) !== undefined) {
        throw new Problem(409, 'CONFLICT', `There is a place ${place.id} already.`);
      }
      await service.addPlace(place);
      response.status(201).location(`/places/${place.id}`).json(place);
    })
    .all(only('POST'));

  router
    .route('/places/:id')
    .get(async (request, response) => {
      response.json(await existingPlace(service, idOf(request.params)));
    })
    .patch(async (request, response) => {
      const id = idOf(request.params);
      const population = populationOf(request.body);
      await existingPlace(service, id);
      response.json(await service.updatePopulation(id, population));
    })
    .all(only('GET', 'PATCH'));

  router
    .route('/search')
    .get(async ({ query }, response) => {
      response.json(await service.search(prefixOf(query), countOf(query, 'limit', 10)));
    })
    .all(only('GET'));

  router
    .route('/nearest')
    .get(async ({ query }, response) => {
      response.json(await service.nearest(positionOf(query), countOf(query, 'count', 5)));
    })
    .all(only('GET'));

  router
    .route('/countries/:code')
    .get((request, response) => {
      const code = countryOf(request.params);
      const name = service.countryName(code);
      // Intl returns the code itself if it has no name for it.
      if (name === code) throw notFound(`There is no country ${code}.`);
      response.json({ code, name });
    })
    .all(only('GET'));

  router
    .route('/countries/:code/statistics')
    .get(async (request, response) => {
      const code = countryOf(request.params);
      const statistics = await service.countryStatistics(code);
      if (statistics.places === 0) throw notFound(`There are no places in ${code}.`);
      response.json(statistics);
    })
    .all(only('GET'));

  return router;
}

async function existingPlace(service: PlaceService, id: number) {
  const place = await service.findPlace(id);
  if (place === undefined) throw notFound(`There is no place ${id}.`);
  return place;
}
