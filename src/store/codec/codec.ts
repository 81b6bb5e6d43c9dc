export type { TypeCodec } from '../../base/type-table.js';

/** Turns values into text for the shared tier, and back. */
export interface Codec {
  /** One character that marks its entries; `j`, `m`, `r`, `t` and `z` are taken. */
  readonly tag: string;
  /** @throws any error; the value is then not shared. */
  encode(value: unknown): string;
  /** @throws for text that it did not write; the entry is then a miss. */
  decode(text: string): unknown;
}

/** Marks compressed entries, in place of the codec's tag. */
export const COMPRESSED = 'z';

/** Tags that a user's codec may not have; `m` marks entries of earlier versions. */
export const RESERVED_TAGS: readonly string[] = ['j', 'm', 'r', 't', COMPRESSED];
