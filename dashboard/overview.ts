import type { Stats } from './responses.js';
import { setFigure, setText } from './dom.js';
import { amount, duration, integer } from './format.js';

/** The large numbers: since the start, except for the rate, which is that of the last interval. */
export function showOverview({ cache, requests, methods }: Stats, rate: number | null): void {
  const reads = cache.hits + cache.misses;
  if (reads > 0) setFigure('t-hit', cache.hit_rate.toFixed(1), '%');
  else setText('t-hit', '–');
  setText('t-hit-note', reads > 0 ? `of ${integer(reads)} reads` : 'no reads yet');

  if (rate === null) setText('t-req', '–');
  else setFigure('t-req', amount(rate), '/s');
  const failed = requests.errors > 0 ? `, ${integer(requests.errors)} failed` : '';
  setText('t-req-note', `${integer(requests.total_requests)} in all${failed}`);

  const isTimed = requests.total_requests > 0;
  if (isTimed) setFigure('t-p99', ...duration(requests.p99));
  else setText('t-p99', '–');
  setText('t-p99-note', isTimed ? 'of all requests' : 'no requests yet');

  const saved = methods.reduce((sum, { time_saved: own }) => sum + own, 0);
  if (saved > 0) setFigure('t-saved', ...duration(saved));
  else setText('t-saved', '–');
}
