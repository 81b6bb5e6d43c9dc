import type { Stats } from './responses.js';
import { byId, setText, showRows, type Row } from './dom.js';
import { brief, integer, moment, spelt } from './format.js';

const MAX_ROWS = 50;

/** The latest slow requests, newest first. */
export function showSlow({ requests }: Stats): void {
  const rows = requests.recent_slow_requests
    .slice(0, MAX_ROWS)
    .map(({ method, path, status, duration, timestamp }): Row => ({
      id: [timestamp, duration, method, path].join(' '),
      parts: [
        ['td', `${method} ${path}`],
        ['td', String(status), status >= 500 ? 'n bad' : 'n'],
        ['td', spelt(duration), 'n'],
        ['td', moment(new Date(timestamp), new Date()), 'n'],
      ],
    }));
  showRows(byId('slow'), rows);
  byId('slow').hidden = rows.length === 0;
  byId('slow-empty').hidden = rows.length > 0;
  const over = `over ${brief(requests.slow_request_threshold)}`;
  setText('slow-note', `${integer(requests.slow_requests_count)} ${over} since the start`);
}
