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

/** Marks what is compressed, in the place of the codec's tag. */
export const COMPRESSED = 'z';

/** Tags that no codec of a user's may have; `m` marks what earlier versions wrote. */
export const RESERVED_TAGS: readonly string[] = ['j', 'm', 'r', 't', COMPRESSED];
