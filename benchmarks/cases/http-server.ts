/** One server of the benchmark `http`, chosen by the command line. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import { configureCache } from 'aurora-cache';
import { createPerformanceApi, performanceMiddleware } from 'aurora-cache/http';

import { PlaceRepository } from '../../examples/places/data.js';
import { PlaceService } from '../../examples/places/place-service.js';
import { serve } from '../harness/workers.js';

const BODY = JSON.stringify({ id: 7, name: 'Berlin', population: 3_426_354 });

const plain: RequestListener = (_, response) => {
  response.setHeader('Content-Type', 'application/json');
  response.end(BODY);
};

const subjects = {
  plain: () => plain,
  'inline header': () => (request, response) => {
    const start = performance.now();
    response.setHeader('X-Response-Time', `${((performance.now() - start) / 1000).toFixed(3)}s`);
    void plain(request, response);
  },
  'response-time': async () => {
    const file = 'response-time';
    const { timed } = (await import(`../rivals/${file}.ts`)) as {
      timed: (listener: RequestListener) => RequestListener;
    };
    return timed(plain);
  },
  'aurora-cache': () => {
    const middleware = performanceMiddleware({ api: createPerformanceApi() });
    return (request, response) => {
      middleware(request, response, () => void plain(request, response));
    };
  },
  'without cache': () => places(false),
  'with cache': () => places(true),
} as const satisfies Record<string, () => RequestListener | Promise<RequestListener>>;

export type Subject = keyof typeof subjects;

const server = createServer(await subjects[process.argv[2] as Subject]());
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

serve((question) => {
  if (question === 'port') return (server.address() as AddressInfo).port;
  const { user, system } = process.cpuUsage();
  return user + system;
});

/** The example's service behind one route: `/search?prefix=ber`. */
function places(enabled: boolean): RequestListener {
  configureCache({ enabled });
  const service = new PlaceService(new PlaceRepository());
  const prefixes = ['ber', 'par', 'san', 'new', 'bar', 'mal', 'tor', 'kal'];
  let next = 0;
  return (_, response) => {
    const prefix = prefixes[next++ % prefixes.length] as string;
    void service.search(prefix, 10).then((found) => {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(found));
    });
  };
}
