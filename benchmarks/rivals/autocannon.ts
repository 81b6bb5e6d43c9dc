import autocannon from 'autocannon';

import type { Fire } from '../harness/fire.js';

/** Not a rival: what sends the requests. */
export const fire: Fire = async (url, { connections, seconds }) => {
  const { requests, latency, non2xx, errors } = await autocannon({
    ...{ url, connections, duration: seconds },
  });
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} requests of ${url} failed.`);
  return { rate: requests.average, total: requests.total, p50: latency.p50, p99: latency.p99 };
};
