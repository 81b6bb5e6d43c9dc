/** An instance of a service in a separate process; see `fleet.test.ts`. */
import { cached, CacheManager } from 'aurora-cache';
import { createPerformanceApi } from 'aurora-cache/http';

const cache = new CacheManager({ redisUrl: process.env['REDIS_URL'] });
const api = createPerformanceApi({ cache, fleetInterval: '200ms' });
const find = cached((id: number) => Promise.resolve(id), { name: 'find', cache });
api.recorder.inFlight = 100;
for (let i = 0; i < 100; i++) {
  await find(1);
  api.recorder.end('GET', '/items/1', '/items/:id', 200, false, 100);
}
process.send?.('ready');
// Until it is killed.
setInterval(() => undefined, 1000);
