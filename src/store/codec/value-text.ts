import { SerializationError } from '../../base/errors.js';
import { OversizeError } from '../../base/oversize.js';
import { warnOnce } from '../../base/warn.js';
import type { Codec, TypeCodec } from './codec.js';
import { compressed, decompressed } from './compression.js';
import { TypedCodec } from './typed-codec.js';

export interface ValueTextOptions {
  readonly codec: Codec | undefined;
  readonly types: readonly TypeCodec[];
  /** Bytes from which values are compressed; `undefined`: none is. */
  readonly compressFrom: number | undefined;
  /** UTF-8 bytes that a value may take before it is compressed. */
  readonly maxValueBytes: number;
}

/**
 * Values as text and back, by the cache's codec or our own, compressed or not, within
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
   * Deals with a value that was not encoded. A large one is no failure, and only warned of; so is
   * what our codec refuses, besides the event.
   *
   * @param key - Its first part names the value in the warning.
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

  /** Deals with an entry that could not be read. */
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
