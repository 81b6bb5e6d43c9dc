/** Constants and messages shared by the processes of the Redis-hit benchmark. */
import type { BenchOptions } from '../harness/report.js';

export const BASE = 'ioredis get + JSON.parse';
export const OURS = 'cached(), memory off';

/** The size of a row. */
export interface RowShape {
  /** Items of an order. */
  readonly items: number;
  /** Characters of an item's note. */
  readonly note: number;
}

/** A number of hits, optionally with a profile. */
export interface HitRequest {
  readonly width: number;
  readonly times: number;
  readonly profile?: { readonly title: string; readonly bench: BenchOptions };
}

export function row(id: number, { items, note }: RowShape): object {
  return {
    id: 1000 + id,
    name: 'x'.repeat(50),
    items: Array.from({ length: items }, (_, i) => ({
      sku: `SKU-${i}`,
      quantity: i,
      price: i * 1.5,
      note: 'n'.repeat(note),
    })),
    active: true,
  };
}
