import type { PlannedRequest } from './requests.js';

/** Maximum number of requests in flight: with more, the service would fall behind. */
const MOST_IN_FLIGHT = 50;

/**
 * Makes requests at a steady pace.
 *
 * @param origin - Where to: `http://127.0.0.1:5001`.
 * @param perSecond - Requests per second, at most 1000.
 * @returns A function that makes no more. Those under way are not given up.
 */
export function startTraffic(
  origin: string,
  perSecond: number,
  next: () => PlannedRequest,
): () => void {
  let inFlight = 0;
  const makeOne = async ({ method, path, body }: PlannedRequest): Promise<void> => {
    inFlight++;
    try {
      const sent = { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
      const response = await fetch(origin + path, { method, ...(body !== undefined && sent) });
      await response.arrayBuffer();
    } catch {
      // Failures show up in the server's statistics.
    } finally {
      inFlight--;
    }
  };
  const timer = setInterval(() => {
    if (inFlight < MOST_IN_FLIGHT) void makeOne(next());
  }, 1000 / perSecond);
  return () => {
    clearInterval(timer);
  };
}
