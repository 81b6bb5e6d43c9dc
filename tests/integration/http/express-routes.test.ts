import { createServer } from 'node:http';
import { CacheManager } from 'aurora-cache';
import {
  createPerformanceApi,
  performanceMiddleware,
  type PerformanceApi,
} from 'aurora-cache/http';
import express5, { type ErrorRequestHandler, type RequestHandler } from 'express';
import express4 from 'express4';

import { until } from '../../support/redis/server.js';
import { listening, type Service } from './frameworks.js';

const answer: RequestHandler = (_, response) => void response.send('ok');
const fail: RequestHandler = (_request, _response, next) => {
  next(new Error('no'));
};
const pass: RequestHandler = (_request, _response, next) => {
  next();
};

/** Takes away what layers know of their paths since router 2.3. */
function forgetPaths(router: object): void {
  const { stack = [] } = router as { stack?: { rawPath?: unknown; handle: object }[] };
  for (const layer of stack) {
    delete layer.rawPath;
    forgetPaths(layer.handle);
  }
}

describe.each([
  ['Express 4', express4, '/files/*'],
  ['Express 5', express5, '/files/*rest'],
  // Until router 2.3, layers do not say how their paths were written.
  ['Express 5 with an earlier router', express5, '/files/*rest'],
])('names of routes on %s', (version, express, wildcard) => {
  let api: PerformanceApi;
  let service: Service;

  function routerOf(path: string, handler: RequestHandler): express5.Router {
    const router = express.Router();
    router.get(path, handler);
    return router;
  }

  beforeAll(async () => {
    api = createPerformanceApi({ cache: new CacheManager() });
    const app = express();
    app.use(performanceMiddleware({ api }));
    app.use('/u/:name', routerOf('/', answer));
    app.use('/users', routerOf('/:id', fail));
    app.use('/orders', routerOf('/:id', fail));
    app.use('/passing', routerOf('/:id', pass));
    app.use('/api/v1', express.Router().use('/shops/:shop', routerOf('/items/:id', answer)));
    app.use('/team-:team', routerOf('/:id', answer));
    app.use(/^\/r\d+/, routerOf('/:id', answer));
    app.use(['/one', '/two/:part'], routerOf('/:id', answer));
    app.use(wildcard, routerOf('/', answer));
    const twice = routerOf('/:id', answer);
    app.use('/first', twice);
    app.use('/second', twice);
    const within = express();
    within.use('/deep', routerOf('/:id', answer));
    app.use('/within/:tenant', within);
    app.use('/inside', express.Router().use('/app', express().use('/x', routerOf('/:id', answer))));
    app.get('/', answer);
    app.use(((_error, _request, response, _next) => {
      response.status(500).send('failed');
    }) as ErrorRequestHandler);
    if (version.endsWith('earlier router')) forgetPaths(app.router);
    service = await listening(createServer(app));
  });
  afterAll(async () => {
    await service.close();
    await api.close();
  });

  const names = (): Set<string> => new Set(api.requests.routes.map(({ route }) => route));

  /** The names that these paths have made. */
  async function namesOf(...paths: string[]): Promise<string[]> {
    const [before, { total }] = [names(), api.requests];
    for (const path of paths) await (await fetch(service.url + path)).text();
    await until('they have ended', async () => api.requests.total === total + paths.length);
    return [...names()].filter((name) => !before.has(name));
  }

  it.each([
    ['the root', ['/'], ['/']],
    [
      'values in the path of the mount',
      ['/u/alice', '/u/u', '/U/bob%2Fby', '/u/a.b'],
      ['/u/:name'],
    ],
    ['handlers that fail', ['/users/7', '/orders/7'], ['/users/:id', '/orders/:id']],
    ['handlers that pass on', ['/passing/7'], ['/passing/:id']],
    ['routers in routers', ['/api/v1/shops/s1/items/2'], ['/api/v1/shops/:shop/items/:id']],
    ['mounts by several paths', ['/one/7', '/two/x/7'], ['/one/:id', '/two/:part/:id']],
    ['one router at two places', ['/first/1', '/second/1'], ['/first/:id', '/second/:id']],
    ['applications in applications', ['/within/t1/deep/7'], ['/within/:tenant/deep/:id']],
    ['applications in routers', ['/inside/app/x/7'], ['/inside/app/x/:id']],
    ['mounts by expressions', ['/r17/5', '/r18/5'], ['/:param/:id']],
  ])('are patterns: %s', async (_title, paths, expected) => {
    expect(await namesOf(...paths)).toEqual(expected);
  });

  it('are patterns: parts of segments, and wildcards', async () => {
    const paths = ['/team-red/1', '/team-blue/1', '/files/a', '/files/b/c', '/files/d/e/f'];
    expect((await namesOf(...paths)).length).toBeLessThanOrEqual(2);
    for (const name of names()) expect(name).not.toMatch(/red|blue|files\/[a-f]/);
  });
});
