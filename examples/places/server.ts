import {
  bearerToken,
  createPerformanceApi,
  performanceMiddleware,
  toNodeListener,
  type PerformanceApi,
} from 'aurora-cache/http';
import { prometheusMetrics } from 'aurora-cache/prometheus';
import express, { json, type Express } from 'express';

import type { PlaceService } from './place-service.js';
import { answerError, noSuchRoute } from './problem.js';
import { placeRoutes } from './routes.js';

export interface PlaceServer {
  readonly app: Express;
  readonly api: PerformanceApi;
}

/** The service on Express, with its statistics. */
export function placeServer(service: PlaceService, token: string, instance: string): PlaceServer {
  const api = createPerformanceApi({
    authorize: bearerToken(token),
    prometheus: prometheusMetrics(),
    // Next to nothing for a service, but hits take a fraction of a millisecond here.
    slowRequestThreshold: '10ms',
    // The statistics of other instances are up to this old; the page should show them move.
    fleetInterval: '1s',
  });
  const app = express();
  app.disable('x-powered-by');
  app.use((_request, response, next) => {
    // Behind a load balancer, it shows which instance has sent the response.
    response.setHeader('X-Instance', instance);
    next();
  });
  app.use(performanceMiddleware({ api }));
  app.use(toNodeListener(api));
  app.use(json({ limit: '16kb' }));
  app.use(placeRoutes(service));
  app.use(noSuchRoute);
  app.use(answerError);
  return { app, api };
}
