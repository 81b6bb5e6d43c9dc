import { SerializationError } from '../../base/errors/errors.js';
import { OversizeError } from '../../base/errors/oversize.js';
import { warnOnce } from '../../base/errors/warn.js';
import type { Codec, TypeCodec } from './codec.js';
import { compressed, decompressed } from './compression.js';
import { TypedCodec } from './typed-codec.js';

export interface ValueTextOptions {
  readonly codec: Codec | undefined;
  readonly types: readonly TypeCodec[];
  /** Minimum size of values to be compressed, in bytes; `undefined` for no compression. */
  readonly compressFrom: number | undefined;
  /** Maximum size of a value before compression, in UTF-8 bytes. */
  readonly maxValueBytes: number;
}

/**
 * Encodes and decodes values with the cache's codec or the default one, with or without compression, within
 * `maxValueBytes`.
 *
 * @internal
 */
export class ValueText {
  private readonly typed: TypedCodec;

  constructor(private readonly options: ValueTextOptions) {
    this.typed = new TypedCodec(options.types);
  }

  /** @throws OversizeError, SerializationError, or what the cache's codec throws. */
  encode(value: unknown): string {
    const { codec, compressFrom, maxValueBytes } = this.options;
    const payload =
      codec === undefined
        ? this.typed.encode(value, maxValueBytes)
        : codec.tag + codec.encode(value);
    // A character takes three bytes at most.
    if (payload.length * 3 > maxValueBytes && Buffer.byteLength(payload) > maxValueBytes) {
      throw new OversizeError();
    }
    return compressed(payload, compressFrom);
  }

  /** @throws OversizeError, or another error for text that {@link ValueText.encode} did not write. */
  decode(payload: string): unknown {
    const { codec, maxValueBytes } = this.options;
    if (payload.length > maxValueBytes) throw new OversizeError();
    const text = decompressed(payload, maxValueBytes);
    return codec !== undefined && text.startsWith(codec.tag)
      ? codec.decode(text.slice(1))
      : this.typed.decode(text);
  }

  /**
   * Reports a value that could not be encoded: a warning if it is too large, an event for any other error, and
   * both if the default codec refuses it.
   *
   * @param key - The warning contains its first part.
   */
  reportUnshared(key: string, error: unknown, onError: (error: unknown) => void): void {
    if (error instanceof OversizeError) {
      this.warnOfSize(key);
      return;
    }
    onError(error);
    if (error instanceof SerializationError) {
      warnOnce('AURORA_UNSHARED_VALUE', error.message, `A value was not shared. ${error.message}`);
    }
  }

  /** Reports an entry that could not be read. */
  reportUnreadable(key: string, error: unknown, onError: (error: unknown) => void): void {
    if (error instanceof OversizeError) this.warnOfSize(key);
    else onError(error);
  }

  private warnOfSize(key: string): void {
    const prefix = key.split(':', 1)[0] ?? '';
    warnOnce(
      'AURORA_LARGE_VALUE',
      prefix,
      `A value of '${prefix}…' takes more than maxValueBytes ` +
        `(${String(this.options.maxValueBytes)}), or is nested too deeply, and is not shared.`,
    );
  }
}
