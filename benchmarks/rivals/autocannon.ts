import autocannon from 'autocannon';

import type { Fire } from '../harness/fire.js';

/**
 * Requests of one connection. nginx closes it after a thousand, and autocannon takes a request that
 * it has sent into the closing for failed.
 */
const RECONNECT = 900;

/** Not a rival: what sends the requests. */
export const fire: Fire = async (url, { connections, seconds, paths }) => {
  const { requests, latency, non2xx, errors } = await autocannon({
    ...{ url, connections, duration: seconds, reconnectRate: RECONNECT },
    ...(paths === undefined ? {} : { requests: paths.map((path) => ({ path })) }),
  });
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} requests of ${url} failed.`);
  return { rate: requests.average, total: requests.total, p50: latency.p50, p99: latency.p99 };
};
