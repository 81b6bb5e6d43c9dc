import { configureCache, type CacheManager } from 'aurora-cache';

import { banner } from './banner.js';
import { PlaceRepository } from './data.js';
import { Listener } from './listener.js';
import type { ServeOptions } from './options.js';
import { PlaceService } from './place-service.js';
import { requests } from './requests.js';
import { placeServer } from './server.js';
import { startTraffic } from './traffic.js';
import { randomNumbers } from './zipf.js';

/**
 * Serves the example until the process receives a signal to end.
 *
 * @throws ConfigurationError for a bad `REDIS_URL`; ListenError when the address cannot be had.
 */
export async function serve(options: ServeOptions, print: (text: string) => void): Promise<void> {
  const cache = configureCache({
    name: 'places',
    namespace: 'places',
    redisUrl: options.redisUrl,
    enabled: options.isCached,
    memory: { freeze: true },
  });
  try {
    await serveWith(cache, options, print);
  } finally {
    await cache.close();
  }
}

async function serveWith(
  cache: CacheManager,
  options: ServeOptions,
  print: (text: string) => void,
): Promise<void> {
  cache.on('degraded', () => {
    print('Redis does not reply: continuing from memory.');
  });
  cache.on('recovered', () => {
    print('Redis is back.');
  });
  const repository = new PlaceRepository();
  const { app, api } = placeServer(new PlaceService(repository), options.token, options.instance);
  const listener = await Listener.start(app, options.host, options.port);
  const ending = askedToEnd();
  print(banner(listener.url, options));
  const { traffic } = options;
  const stopTraffic =
    traffic > 0
      ? startTraffic(listener.origin, traffic, requests(repository, randomNumbers(1)))
      : undefined;

  await ending;
  stopTraffic?.();
  // First `/health` responds with 503, so that load balancers send no new requests.
  await api.close();
  await listener.close();
}

/** Listens on, since terminals and process managers may say it twice. */
function askedToEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => resolve());
  });
}
