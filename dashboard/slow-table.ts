import type { Stats } from './answers.js';
import { byId, element, inside, setText } from './dom.js';
import { integer, spelt } from './format.js';

const MOST_ROWS = 50;

/** The last requests that took too long, newest first. */
export function showSlow({ requests }: Stats): void {
  const rows = requests.recent_slow_requests.slice(0, MOST_ROWS).map((one) => {
    const row = element('tr');
    row.append(
      element('td', `${one.method} ${one.path}`),
      element('td', String(one.status), one.status >= 500 ? 'n bad' : 'n'),
      element('td', spelt(one.duration), 'n'),
      element('td', new Date(one.timestamp).toLocaleTimeString(), 'n'),
    );
    return row;
  });
  inside(byId('slow'), 'tbody').replaceChildren(...rows);
  byId('slow').hidden = rows.length === 0;
  byId('slow-empty').hidden = rows.length > 0;
  const over = `over ${spelt(requests.slow_request_threshold)}`;
  setText('slow-note', `${integer(requests.slow_requests_count)} ${over} since the start`);
}
