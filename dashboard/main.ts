import type { Health, Stats } from './responses.js';
import { request, Refused } from './request.js';
import { Charts } from './charts.js';
import { useClearForm } from './clear-form.js';
import { byId, setText } from './dom.js';
import { History } from './history.js';
import { MethodsTable } from './methods-table.js';
import { showOverview } from './overview.js';
import { showSlow } from './slow-table.js';
import { useTheme } from './theme.js';
import { showTiers } from './tiers.js';
import { useToken } from './token.js';

const INTERVAL_MS = 2000;
/**
 * By default, the instances of a fleet publish their statistics every five seconds, and these are added up
 * as often. Over a shorter span, instances would seem to stand still and to run in turn.
 */
const FLEET_SPAN_MS = 20_000;

let isPaused = false;
let timer: number | undefined;
/** Responses to requests from before a switch of the scope are not shown. */
let generation = 0;

const history = new History();
const charts = new Charts();
const methods = new MethodsTable();
/** In the address, so that a page on a wall comes back as it was. */
const scope = (): 'instance' | 'fleet' => (location.hash === '#fleet' ? 'fleet' : 'instance');

async function poll(): Promise<void> {
  window.clearTimeout(timer);
  const mine = ++generation;
  try {
    const [stats, health] = await Promise.all([
      request<Stats>(`stats?scope=${scope()}`),
      request<Health>('health'),
    ]);
    if (mine !== generation) return;
    show(stats, health);
    byId('notice').hidden = true;
    tellState('on', 'Live');
  } catch (error) {
    if (mine !== generation) return;
    showFailure(error);
  }
  if (!isPaused && !document.hidden) timer = window.setTimeout(() => void poll(), INTERVAL_MS);
}

function show(stats: Stats, health: Health): void {
  const span = scope() === 'fleet' ? FLEET_SPAN_MS : 0;
  const sample = history.add(stats, { steady: performance.now(), wall: Date.now() }, span);
  if (sample !== undefined) charts.add(sample);

  const { name, type } = stats.cache;
  const instances = instancesOf(stats);
  document.title = `${name} · Cache performance`;
  setText('subtitle', `${name} · ${type} · ${instances}`);
  showOverview(stats, sample?.rate ?? null);
  methods.show(stats.methods);
  showSlow(stats);
  showTiers(health, stats);
}

function instancesOf({ instances, instances_known: known, partial }: Stats): string {
  if (partial === true) return `${instances} of ${known ?? 'an unknown number of'} instances`;
  return instances === 1 ? '1 instance' : `${instances} instances`;
}

function showFailure(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  const status = error instanceof Refused ? error.status : undefined;
  const isProtected = status === 401 || status === 403;
  const isRefused = isProtected || status === 0;
  tellState('off', isRefused ? 'Refused' : 'Not reachable');
  const told = isProtected ? `The statistics are protected: ${text}` : text;
  setText('notice-text', isRefused ? told : `${told} Trying again.`);
  byId('give-token').hidden = !isRefused;
  byId('notice').hidden = false;
}

function tellState(state: 'on' | 'off' | 'wait', text: string): void {
  byId('live').dataset['state'] = state;
  setText('live-text', text);
}

/** Starts or stops polling, depending on the pause button and the visibility of the page. */
function resume(): void {
  if (!isPaused && !document.hidden) {
    void poll();
    return;
  }
  window.clearTimeout(timer);
  generation++;
  tellState('wait', 'Paused');
}

function useScope(): void {
  const buttons = document.querySelectorAll<HTMLButtonElement>('[data-scope]');
  const mark = (): void => {
    for (const button of buttons) {
      button.setAttribute('aria-pressed', String(button.dataset['scope'] === scope()));
    }
  };
  for (const button of buttons) {
    button.addEventListener('click', () => {
      location.hash = button.dataset['scope'] ?? '';
    });
  }
  window.addEventListener('hashchange', () => {
    mark();
    history.clear();
    charts.clear();
    resume();
  });
  mark();
}

byId('pause').addEventListener('click', () => {
  isPaused = !isPaused;
  byId('pause').setAttribute('aria-pressed', String(isPaused));
  resume();
});
document.addEventListener('visibilitychange', resume);

useTheme(() => {
  charts.redraw();
});
useScope();
useClearForm(resume);
useToken(resume);
resume();
