import type { ServeOptions } from './options.js';

/** The text that is printed when the example has started. */
export function banner(url: string, options: ServeOptions): string {
  const { token, isTokenRandom, instance, redisUrl, isCached, traffic } = options;
  const api = `${url}/api/performance`;
  // One that was given is not shown: terminals are recorded.
  const bearer = isTokenRandom ? token : '$AURORA_TOKEN';
  const cache = redisUrl === undefined ? 'in memory' : 'in memory, and in the Redis of REDIS_URL';
  return `The places of the world, at ${url} (instance ${instance})

  open ${api}/
  cache    ${isCached ? cache : 'off: every call runs its method'}
  traffic  ${traffic > 0 ? `${traffic} requests a second` : 'none: --traffic 20 makes some'}
  token    ${isTokenRandom ? `${token}, or set AURORA_TOKEN` : 'the one that you have set'}

Try:
  curl "${url}/places/2950159"
  curl "${url}/search?q=san&limit=3"

See what the cache did, and clear a part of it:
  curl ${api}/stats
  curl ${api}/cache/stats
  curl ${api}/slow-requests
  curl -X POST -H "Authorization: Bearer ${bearer}" "${api}/cache/clear?pattern=place:*"

Ctrl+C ends it.`;
}
