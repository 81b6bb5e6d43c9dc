import type { Cluster } from 'ioredis';

import type { FailedShards } from '../store/coordinator.js';
import type { RedisKeys } from './keys.js';

const SLOTS = 16_384;
/** CRC-16/XMODEM, by which Redis Cluster maps keys to slots. */
const POLYNOMIAL = 0x1021;

/** The address of each slot's primary, by slot. */
export type Primaries = readonly (string | undefined)[];

/**
 * The primaries of a cluster's slots, from the slot table of its client.
 *
 * @internal
 */
export function primariesOf(client: Cluster): Primaries {
  const { slots } = client as unknown as { slots?: readonly (readonly string[] | undefined)[] };
  // ioredis changes its lists in place.
  return Array.isArray(slots) ? Array.from(slots, (nodes?: readonly string[]) => nodes?.[0]) : [];
}

/**
 * The keys in slots whose primary has changed; `undefined` if there are none. Slots that were moved on
 * purpose are included: repeating an invalidation is safe.
 *
 * @internal
 */
export function failedShards(
  before: Primaries,
  now: Primaries,
  redisKeys: RedisKeys,
): Omit<FailedShards, 'seenAt'> | undefined {
  const failed = new Set<number>();
  for (let slot = 0; slot < SLOTS; slot++) {
    const [old, present] = [before[slot], now[slot]];
    if (old !== undefined && present !== undefined && old !== present) failed.add(slot);
  }
  if (failed.size === 0) return undefined;
  return {
    hasKey: (key) => failed.has(slotOf(redisKeys.value(key))),
    hasTags: failed.has(slotOf(redisKeys.tags)),
  };
}

/**
 * The slot of a key without braces; the cache's keys have none.
 *
 * @internal
 */
export function slotOf(name: string): number {
  let crc = 0;
  for (const byte of Buffer.from(name)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ POLYNOMIAL;
    }
    crc &= 0xffff;
  }
  return crc % SLOTS;
}
