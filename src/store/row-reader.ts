import { SerializationError } from '../base/errors.js';
import { RowMaker, type Reader } from './row-maker.js';
import { ANY, MOST_LAYOUT_CHARACTERS, MOST_NAMES } from './rows.js';

/** Layouts that are kept to be read by again. */
const MOST_READERS = 100;

/**
 * Reads what `writeRows` wrote. Layouts recur, and are made ready to be read by once.
 *
 * @internal
 */
export class RowReader {
  private readonly readers = new Map<string, Reader>();

  /** Layouts that are kept. */
  get size(): number {
    return this.readers.size;
  }

  /** @throws SerializationError or SyntaxError for anything else. */
  read(text: string): unknown {
    const end = text.indexOf('\n');
    if (end < 0 || end > MOST_LAYOUT_CHARACTERS) throw damaged();
    const layout = text.slice(0, end);
    const read = this.readers.get(layout) ?? this.prepare(layout);
    return read(JSON.parse(text.slice(end + 1)));
  }

  private prepare(layout: string): Reader {
    const parsed: unknown = JSON.parse(layout);
    const read = readerOf(parsed);
    if (read === undefined) throw damaged();
    if (this.readers.size >= MOST_READERS) {
      this.readers.delete(this.readers.keys().next().value as string);
    }
    // A text of its own: a part of another would keep all of that.
    this.readers.set(JSON.stringify(parsed), read);
    return read;
  }
}

/** `undefined` for what is read as it is. */
function readerOf(layout: unknown): Reader | undefined {
  if (layout === ANY) return undefined;
  if (typeof layout !== 'object' || layout === null) throw damaged();
  if (!Array.isArray(layout)) return readerOfObject(layout);
  const [row] = layout as unknown[];
  if (layout.length !== 1 || typeof row !== 'object' || row === null) throw damaged();
  return readerOfList(row);
}

function readerOfObject(layout: object): Reader {
  const maker = makerOf(layout);
  return (cells) => {
    if (cells === null) return null;
    if (!Array.isArray(cells) || cells.length !== maker.width) throw damaged();
    return maker.ready(1)(cells, 0);
  };
}

function readerOfList(row: object): Reader {
  const maker = makerOf(row);
  const { width } = maker;
  return (cells) => {
    if (cells === null) return null;
    if (!Array.isArray(cells) || cells.length % width !== 0) throw damaged();
    const make = maker.ready(cells.length / width);
    const list: unknown[] = [];
    for (let i = 0; i < cells.length; i += width) list.push(make(cells, i));
    return list;
  };
}

/** @throws SerializationError for a layout that the writer does not produce. */
function makerOf(layout: object): RowMaker {
  const names = Object.keys(layout);
  if (names.length === 0 || names.length > MOST_NAMES || Array.isArray(layout)) throw damaged();
  if (names.includes('__proto__')) throw damaged();
  return new RowMaker(names, Object.values(layout).map(readerOf));
}

function damaged(): SerializationError {
  return new SerializationError('The stored rows are damaged.');
}
