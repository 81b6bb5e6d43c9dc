export type { TypeCodec } from '../../base/values/type-table.js';

/** Encodes values as text for the shared tier, and decodes them. */
export interface Codec {
  /** One character that marks entries of this codec; not `j`, `m`, `r`, `t` or `z`, which are reserved. */
  readonly tag: string;
  /**
   * Encodes a value.
   *
   * @throws any error; the value is then kept in memory only.
   */
  encode(value: unknown): string;
  /**
   * Decodes a text.
   *
   * @throws any error for a text that `encode` did not return; the entry is then a miss.
   */
  decode(text: string): unknown;
}

/** Marks compressed entries, in place of the codec's tag. */
export const COMPRESSED = 'z';

/** Tags that a user's codec may not have; `m` marks entries of earlier versions. */
export const RESERVED_TAGS: readonly string[] = ['j', 'm', 'r', 't', COMPRESSED];
