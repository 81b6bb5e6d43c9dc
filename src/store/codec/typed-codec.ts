import { SerializationError } from '../../base/errors.js';
import { TypeTable, type TypeCodec } from '../../base/type-table.js';
import { isJson } from './json-check.js';
import { RowReader } from './row-reader.js';
import { writeRows } from './rows.js';
import { TypedReader } from './typed-reader.js';
import { TypedWriter } from './typed-writer.js';

/**
 * The default codec. Plain JSON is fastest as JSON, and readable in `redis-cli`. A value that JSON
 * would change travels in a notation that keeps its types (`t`), or is refused: nothing changes
 * silently on the way. Both name the properties of like rows once (`r`).
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
   * Text behind its one-character tag.
   *
   * @param maxChars - Where to give up; texts that are a little longer may pass.
   * @throws SerializationError for what could not be read back as it is; OversizeError.
   */
  encode(value: unknown, maxChars = Infinity): string {
    return isJson(value, maxChars)
      ? encodeJson(value)
      : `t${encodeJson(new TypedWriter(this.types, maxChars).write(value))}`;
  }

  /** @throws SerializationError, SyntaxError or RangeError for text that it did not write. */
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
