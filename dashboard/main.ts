import { Charts } from './charts';
import { byId, element, setFigure, setText } from './dom';
import { duration, integer, sampleOf, type Method, type Stats } from './samples';

const INTERVAL_MS = 2000;
/** Relative to wherever the page is mounted, behind a proxy or not. */
const base = location.pathname.replace(/\/$/, '');

let scope: 'instance' | 'fleet' = 'instance';
let before: { readonly stats: Stats; readonly at: number } | undefined;
let isPaused = false;
let timer: number | undefined;
/** Answers to what was asked before a switch are not shown after it. */
let generation = 0;

const token = byId<HTMLInputElement>('token');

interface Tier {
  readonly state: string;
}
interface Health {
  readonly status: string;
  readonly tiers?: {
    readonly memory: Tier & { readonly keys: number; readonly serving: boolean };
    readonly shared: Tier & {
      readonly type: string | null;
      readonly breaker: string;
      readonly listening: boolean;
      readonly pending_invalidations: number;
    };
  };
}

class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const headers = token.value === '' ? {} : { Authorization: `Bearer ${token.value}` };
  const signal = AbortSignal.timeout(15_000);
  const response = await fetch(`${base}/${path}`, { ...init, headers, signal });
  const body = (await response.json()) as T & { error?: { message?: string } };
  // 503 of /health is an answer as well.
  if (body.error !== undefined) throw new Refused(response.status, body.error.message ?? '');
  return body;
}

async function poll(): Promise<void> {
  window.clearTimeout(timer);
  const mine = ++generation;
  try {
    const [stats, health] = await Promise.all([
      ask<Stats>(`stats?scope=${scope}`),
      ask<Health>('health'),
    ]);
    if (mine !== generation) return;
    show(stats, health);
    byId('notice').hidden = true;
    live('on', 'Live');
  } catch (error) {
    if (mine !== generation) return;
    const isRefused = error instanceof Refused && error.status === 403;
    live('off', isRefused ? 'Refused' : 'Not reachable');
    const text = error instanceof Error ? error.message : String(error);
    setText(
      'notice',
      isRefused
        ? `The figures are protected: give a token below. ${text}`
        : `No answer; trying again. ${text}`,
    );
    byId('notice').hidden = false;
  }
  if (!isPaused && !document.hidden) timer = window.setTimeout(() => void poll(), INTERVAL_MS);
}

function stop(text: string): void {
  window.clearTimeout(timer);
  generation++;
  live('wait', text);
}

function live(state: 'on' | 'off' | 'wait', text: string): void {
  byId('live').dataset['state'] = state;
  setText('live-text', text);
}

function show(stats: Stats, health: Health): void {
  const now = performance.now();
  if (before !== undefined) {
    charts.add(Date.now() / 1000, sampleOf(before.stats, stats, (now - before.at) / 1000));
  }
  const { cache, requests } = stats;
  const seconds = before === undefined ? 0 : (now - before.at) / 1000;
  const delta = requests.total_requests - (before?.stats.requests.total_requests ?? 0);
  before = { stats, at: now };

  const instances = stats.instances === 1 ? '1 instance' : `${stats.instances} instances`;
  setText('subtitle', `${cache.name} · ${cache.type} · ${instances}`);
  if (cache.hits + cache.misses > 0) {
    setFigure('t-hit', cache.hit_rate.toFixed(1), '%');
    setText('t-hit-note', `of ${integer(cache.hits + cache.misses)} reads`);
  } else clearFigure('t-hit', 'no reads yet');
  if (requests.total_requests > 0) {
    setFigure('t-req', seconds > 0 && delta >= 0 ? (delta / seconds).toFixed(1) : '–', '/s');
    const failed = requests.errors > 0 ? `, ${integer(requests.errors)} failed` : '';
    setText('t-req-note', `${integer(requests.total_requests)} in all${failed}`);
    setFigure('t-p99', ...duration(requests.p99));
    setText('t-p99-note', 'of all requests');
  } else {
    clearFigure('t-req', 'none timed yet');
    clearFigure('t-p99', 'no requests yet');
  }
  const saved = stats.methods.reduce((sum, one) => sum + one.time_saved, 0);
  if (saved > 0) setFigure('t-saved', ...duration(saved));
  else clearFigure('t-saved', 'hits × average load');

  showMethods(stats.methods);
  showSlow(stats);
  showTiers(health, cache.total_keys);
}

function clearFigure(id: string, note: string): void {
  setText(id, '–');
  setText(`${id}-note`, note);
}

interface Column {
  readonly title: string;
  readonly value: (one: Method) => number | string;
  readonly text: (one: Method) => string;
}

const p99 = ({ load_times: loads, call_times: calls }: Method): number => {
  const times = loads ?? calls;
  return times === null || times.count === 0 ? -1 : times.p99;
};
const reads = ({ hits, misses }: Method): number => hits + misses;
const COLUMNS: readonly Column[] = [
  { title: 'Method', value: ({ name }) => name, text: ({ name }) => name },
  { title: 'Calls', value: ({ calls }) => calls, text: ({ calls }) => integer(calls) },
  {
    title: 'Hit rate',
    value: (one) => (reads(one) === 0 ? -1 : one.hit_rate),
    text: (one) => (reads(one) === 0 ? '–' : `${one.hit_rate.toFixed(1)} %`),
  },
  { title: 'Load p99', value: p99, text: (one) => (p99(one) < 0 ? '–' : spelt(p99(one))) },
  {
    title: 'Time saved',
    value: (one) => one.time_saved,
    text: (one) => (one.time_saved === 0 ? '–' : spelt(one.time_saved)),
  },
  { title: 'Errors', value: ({ errors }) => errors, text: ({ errors }) => integer(errors) },
];
const sort = { column: 1, isDown: true };
const spelt = (seconds: number): string => duration(seconds).join(' ');

function showMethods(methods: readonly Method[]): void {
  const { value } = COLUMNS[sort.column] ?? { value: () => 0 };
  const sign = sort.isDown ? -1 : 1;
  const sorted = [...methods].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    return x < y ? -sign : x > y ? sign : a.name < b.name ? -1 : 1;
  });
  // The page is for looking at; all of them are in GET methods.
  const rows = sorted.slice(0, 200).map((one) => {
    const row = element('tr', '');
    for (const [i, column] of COLUMNS.entries()) {
      const isBad = column.title === 'Errors' && one.errors > 0;
      row.append(element('td', column.text(one), `${i === 0 ? '' : 'n'}${isBad ? ' bad' : ''}`));
    }
    return row;
  });
  document.querySelector('#methods tbody')?.replaceChildren(...rows);
  byId('methods').hidden = rows.length === 0;
  byId('methods-empty').hidden = rows.length > 0;
  setText('methods-note', methods.length > 200 ? `200 of ${integer(methods.length)}` : '');
}

function makeMethodHeads(): void {
  const row = document.querySelector('#methods thead tr');
  for (const [i, { title }] of COLUMNS.entries()) {
    const head = element('th', '', i === 0 ? '' : 'n');
    head.setAttribute('scope', 'col');
    const button = element('button', title) as HTMLButtonElement;
    button.type = 'button';
    button.addEventListener('click', () => {
      sort.isDown = sort.column === i ? !sort.isDown : i > 0;
      sort.column = i;
      markSort();
      showMethods(before?.stats.methods ?? []);
    });
    head.append(button);
    row?.append(head);
  }
  markSort();
}

function markSort(): void {
  for (const [i, head] of document.querySelectorAll('#methods th').entries()) {
    const way = i !== sort.column ? 'none' : sort.isDown ? 'descending' : 'ascending';
    head.setAttribute('aria-sort', way);
  }
}

function showSlow({ requests }: Stats): void {
  const rows = requests.recent_slow_requests.slice(0, 50).map((one) => {
    const row = element('tr', '');
    row.append(
      element('td', `${one.method} ${one.path}`),
      element('td', String(one.status), one.status >= 500 ? 'n bad' : 'n'),
      element('td', spelt(one.duration), 'n'),
      element('td', new Date(one.timestamp).toLocaleTimeString(), 'n'),
    );
    return row;
  });
  document.querySelector('#slow tbody')?.replaceChildren(...rows);
  byId('slow').hidden = rows.length === 0;
  byId('slow-empty').hidden = rows.length > 0;
  const over = `over ${spelt(requests.slow_request_threshold)}`;
  setText('slow-note', `${integer(requests.slow_requests_count)} ${over} since the start`);
}

function showTiers({ status, tiers }: Health, totalKeys: number): void {
  const rows: [name: string, value: string, isBad?: boolean][] = [
    ['State', status, status !== 'ok'],
    ['Keys', integer(totalKeys)],
  ];
  if (tiers !== undefined) {
    const { memory, shared } = tiers;
    rows.push(['Memory', memory.serving ? memory.state : `${memory.state}, not relied on`]);
    rows.push(['Keys in memory', integer(memory.keys)]);
    if (shared.state === 'off') rows.push(['Shared store', 'none']);
    else {
      rows.push([shared.type === 'redis' ? 'Redis' : 'Store', shared.state, shared.state !== 'ok']);
      rows.push(['Breaker', shared.breaker, shared.breaker !== 'closed']);
      if (shared.type === 'redis') rows.push(['Listening', shared.listening ? 'yes' : 'no']);
      const pending = shared.pending_invalidations;
      rows.push(['Pending invalidations', integer(pending), pending > 0]);
    }
  }
  byId('tiers').replaceChildren(
    ...rows.flatMap(([name, value, isBad]) => [
      element('dt', name),
      element('dd', value, isBad === true ? 'bad' : ''),
    ]),
  );
}

function setTheme(theme: 'light' | 'dark'): void {
  document.documentElement.dataset['theme'] = theme;
  setText('theme', theme === 'dark' ? 'Light' : 'Dark');
  charts.redraw();
}

async function clear(pattern: string): Promise<void> {
  const result = byId('clear-result');
  result.className = '';
  result.textContent = 'Clearing …';
  try {
    const query = `cache/clear?pattern=${encodeURIComponent(pattern)}`;
    const { cleared } = await ask<{ cleared: number }>(query, { method: 'POST' });
    result.textContent = `${integer(cleared)} ${cleared === 1 ? 'entry' : 'entries'} removed.`;
    void poll();
  } catch (error) {
    result.className = 'bad';
    result.textContent = error instanceof Error ? error.message : String(error);
  }
}

const prefersDark = matchMedia('(prefers-color-scheme: dark)');
document.documentElement.dataset['theme'] = prefersDark.matches ? 'dark' : 'light';
const charts = new Charts();
setTheme(prefersDark.matches ? 'dark' : 'light');
prefersDark.addEventListener('change', ({ matches }) => setTheme(matches ? 'dark' : 'light'));
byId('theme').addEventListener('click', () => {
  setTheme(document.documentElement.dataset['theme'] === 'dark' ? 'light' : 'dark');
});

for (const button of document.querySelectorAll<HTMLButtonElement>('[data-scope]')) {
  button.addEventListener('click', () => {
    scope = button.dataset['scope'] === 'fleet' ? 'fleet' : 'instance';
    for (const one of document.querySelectorAll('[data-scope]')) {
      one.setAttribute('aria-pressed', String(one === button));
    }
    before = undefined;
    charts.clear();
    void poll();
  });
}

byId('pause').addEventListener('click', ({ currentTarget }) => {
  isPaused = !isPaused;
  (currentTarget as HTMLElement).setAttribute('aria-pressed', String(isPaused));
  if (isPaused) stop('Paused');
  else void poll();
});
document.addEventListener('visibilitychange', () => {
  if (document.hidden) stop('Paused');
  else if (!isPaused) void poll();
});

const dialog = byId<HTMLDialogElement>('confirm');
byId('clear').addEventListener('submit', (event) => {
  event.preventDefault();
  setText('confirm-pattern', byId<HTMLInputElement>('pattern').value);
  dialog.returnValue = '';
  dialog.showModal();
});
dialog.addEventListener('close', () => {
  if (dialog.returnValue === 'yes') void clear(byId<HTMLInputElement>('pattern').value);
});

makeMethodHeads();
void poll();
