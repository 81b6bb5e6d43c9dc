import { SerializationError } from '../../base/errors/errors.js';
import { TypeTable, type TypeCodec } from '../../base/values/type-table.js';
import { isJson } from './json-check.js';
import { RowReader } from './row-reader.js';
import { writeRows } from './rows.js';
import { TypedReader } from './typed-reader.js';
import { TypedWriter } from './typed-writer.js';

/**
 * The default codec. Values that JSON preserves are stored as JSON, which is fastest, and readable in
 * `redis-cli`. Values that JSON would change are stored in a notation that keeps types (`t`), or refused, so
 * that nothing changes silently. Both name the properties of similar rows once (`r`).
 *
 * @internal
 */
export class TypedCodec {
  private readonly rows = new RowReader();
  private readonly types: TypeTable;

  constructor(types: readonly TypeCodec[]) {
    this.types = new TypeTable(types);
  }

  /**
   * Encodes a value as text after a one-character tag.
   *
   * @param maxChars - Maximum length of the text; a slightly longer one may pass.
   * @throws SerializationError for a value that could not be decoded exactly; OversizeError.
   */
  encode(value: unknown, maxChars = Infinity): string {
    return isJson(value, maxChars)
      ? encodeJson(value)
      : `t${encodeJson(new TypedWriter(this.types, maxChars).write(value))}`;
  }

  /** @throws SerializationError, SyntaxError or RangeError for text that `encode` did not return. */
  decode(text: string): unknown {
    return text.startsWith('t')
      ? new TypedReader(this.types).read(this.decodeJson(text.slice(1)))
      : this.decodeJson(text);
  }

  private decodeJson(text: string): unknown {
    if (text.startsWith('j')) return JSON.parse(text.slice(1));
    if (text.startsWith('r')) return this.rows.read(text.slice(1));
    throw new SerializationError(
      text.startsWith('m')
        ? 'An entry of an earlier version.'
        : `Unknown codec '${text.charAt(0)}'.`,
    );
  }
}

function encodeJson(value: unknown): string {
  const rows = writeRows(value);
  return rows === undefined ? `j${JSON.stringify(value)}` : `r${rows}`;
}
