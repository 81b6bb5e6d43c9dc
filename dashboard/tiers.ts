import type { Health, Stats } from './responses.js';
import { byId, showParts, type Part } from './dom.js';
import { integer, percent } from './format.js';

type Row = readonly [name: string, value: string, isBad?: boolean];

/** The state and content of the tiers. */
export function showTiers(health: Health, { cache }: Stats): void {
  const rows: Row[] = [
    ['State', health.status, health.status !== 'ok'],
    ...tierRows(health),
    ['Keys', integer(cache.total_keys)],
    ['Hits from memory', cache.hits === 0 ? '–' : percent((100 * cache.memory_hits) / cache.hits)],
    ['Stale hits', integer(cache.stale)],
    ['Evictions', integer(cache.evictions)],
  ];
  const parts = rows.flatMap(([name, value, isBad]): Part[] => [
    ['dt', name],
    ['dd', value, isBad === true ? 'bad' : ''],
  ]);
  showParts(byId('tiers'), parts);
}

function tierRows({ tiers }: Health): Row[] {
  if (tiers === undefined) return [];
  const { memory, shared } = tiers;
  const isTrusted = memory.serving || memory.state === 'off';
  const memoryRow: Row = [
    'Memory',
    isTrusted ? memory.state : 'bypassed: no invalidation messages',
    !isTrusted,
  ];
  if (shared.state === 'off') return [memoryRow, ['Shared store', 'none']];
  const isRedis = shared.type === 'redis';
  const { breaker, listening, pending_invalidations: pending } = shared;
  return [
    memoryRow,
    [isRedis ? 'Redis' : 'Shared store', shared.state, shared.state !== 'ok'],
    ['Breaker', breaker, breaker !== 'closed'],
    ...(isRedis ? [['Listening', listening ? 'yes' : 'no', !listening] as const] : []),
    ['Pending invalidations', integer(pending), pending > 0],
  ];
}
