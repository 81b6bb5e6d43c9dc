import { SerializationError } from '../base/errors.js';

/*
 * JSON in which lists of like objects name their properties once. To read a name takes V8 longer than
 * to read the value behind it, and JSON has it again in every row:
 *
 *     {"id":7,"items":[{"sku":"a","n":1},{"sku":"b","n":2}]}
 *
 * becomes a layout, a line break, and the cells:
 *
 *     {"id":0,"items":[{"sku":0,"n":0}]}
 *     [7,["a",1,"b",2]]
 *
 * In a layout, an object stands for a list of the cells of one, `[object]` for a list of the cells of
 * any number, and 0 for any JSON as it is. In the place of the first two there may be `null`.
 */

/** Characters of a layout: what is in a store may be anything, and layouts are kept. */
const MOST_CHARACTERS = 2000;
/** Layouts that are kept to be read by again. */
const MOST_READERS = 500;
/** Objects within objects; what is deeper is JSON as it is. */
const DEEPEST = 16;
/** Names left out for each that is written: a layout that is met but once is then no loss. */
const WORTH = 4;

/** Any JSON as it is. */
const ANY = 0;
/** Seen so far: nothing but `null`, which has every layout. */
const NULL = 1;
/** Nothing but `[]` and `null`: any list. */
const EMPTY = 2;

type Part = typeof ANY | typeof NULL | typeof EMPTY | Shape | List;

/** What all objects in one place look like. */
class Shape {
  constructor(
    readonly names: readonly string[],
    readonly parts: Part[],
  ) {}
}

class List {
  constructor(readonly row: Shape) {}
}

/**
 * A value that JSON carries, as layout and cells.
 *
 * @returns `undefined` where so little would be left out that it is better off as JSON.
 * @internal
 */
export function writeRows(value: unknown): string | undefined {
  const part = partOf(value, undefined, 0);
  // Without a list there is nothing to leave out.
  if (!hasList(part)) return undefined;
  const count = { names: 0 };
  const cells = cellsOf(value, part, count);
  if (count.names < (WORTH + 1) * namesIn(part)) return undefined;
  const layout = JSON.stringify(layoutOf(part));
  return layout.length > MOST_CHARACTERS ? undefined : `${layout}\n${JSON.stringify(cells)}`;
}

/** What fits the value as well as all that `known` was made of. */
function partOf(value: unknown, known: Part | undefined, depth: number): Part {
  if (known === ANY) return ANY;
  if (value === null) return known ?? NULL;
  if (typeof value !== 'object' || depth > DEEPEST) return ANY;
  return Array.isArray(value)
    ? partOfList(value as unknown[], known, depth)
    : partOfObject(value as Record<string, unknown>, known, depth);
}

function partOfList(items: readonly unknown[], known: Part | undefined, depth: number): Part {
  if (known instanceof Shape) return ANY;
  if (items.length === 0) return known instanceof List ? known : EMPTY;
  let row: Part | undefined = known instanceof List ? known.row : undefined;
  for (const item of items) {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return ANY;
    row = partOf(item, row, depth + 1);
    if (!(row instanceof Shape)) return ANY;
  }
  return known instanceof List ? known : new List(row as Shape);
}

function partOfObject(
  object: Readonly<Record<string, unknown>>,
  known: Part | undefined,
  depth: number,
): Part {
  const names = Object.keys(object);
  if (known instanceof Shape) {
    if (!isSame(names, known.names)) return ANY;
    for (let i = 0; i < names.length; i++) {
      known.parts[i] = partOf(object[names[i] as string], known.parts[i], depth + 1);
    }
    return known;
  }
  // A property of that name would be read back as the object's prototype.
  if (known instanceof List || known === EMPTY || names.includes('__proto__')) return ANY;
  // Lists of nothing would have no end.
  if (names.length === 0) return ANY;
  return new Shape(
    names,
    names.map((name) => partOf(object[name], undefined, depth + 1)),
  );
}

function isSame(names: readonly string[], others: readonly string[]): boolean {
  if (names.length !== others.length) return false;
  for (let i = 0; i < names.length; i++) if (names[i] !== others[i]) return false;
  return true;
}

function cellsOf(value: unknown, part: Part, count: { names: number }): unknown {
  if (typeof part !== 'object' || value === null) return value;
  const cells: unknown[] = [];
  const rows = part instanceof List ? (value as unknown[]) : [value];
  const { names, parts } = part instanceof List ? part.row : part;
  for (const row of rows as Record<string, unknown>[]) {
    count.names += names.length;
    for (let i = 0; i < names.length; i++) {
      cells.push(cellsOf(row[names[i] as string], parts[i] ?? ANY, count));
    }
  }
  return cells;
}

function hasList(part: Part): boolean {
  return part instanceof List || (part instanceof Shape && part.parts.some(hasList));
}

function namesIn(part: Part): number {
  if (part instanceof List) return namesIn(part.row);
  if (!(part instanceof Shape)) return 0;
  return part.parts.reduce((sum: number, inner) => sum + namesIn(inner), part.names.length);
}

function layoutOf(part: Part): unknown {
  if (part instanceof List) return [layoutOf(part.row)];
  if (!(part instanceof Shape)) return ANY;
  return Object.fromEntries(part.names.map((name, i) => [name, layoutOf(part.parts[i] ?? ANY)]));
}

type Reader = (cells: unknown) => unknown;

/**
 * Reads what {@link writeRows} wrote. Layouts recur, and are made ready to be read by once.
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
    if (end < 0 || end > MOST_CHARACTERS) throw damaged();
    const layout = text.slice(0, end);
    const read = this.readers.get(layout) ?? this.prepare(layout);
    return read(JSON.parse(text.slice(end + 1)));
  }

  private prepare(layout: string): Reader {
    const parsed: unknown = JSON.parse(layout);
    const read = readerOf(parsed);
    if (read === undefined) throw damaged();
    if (this.readers.size >= MOST_READERS) this.readers.clear();
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
  const make = makerOf(layout);
  return (cells) => {
    if (cells === null) return null;
    if (!Array.isArray(cells) || cells.length !== make.width) throw damaged();
    return make.from(cells, 0);
  };
}

function readerOfList(row: object): Reader {
  const { width, from } = makerOf(row);
  return (cells) => {
    if (cells === null) return null;
    if (!Array.isArray(cells) || cells.length % width !== 0) throw damaged();
    const list: unknown[] = [];
    for (let i = 0; i < cells.length; i += width) list.push(from(cells, i));
    return list;
  };
}

interface Maker {
  readonly width: number;
  readonly from: (cells: readonly unknown[], start: number) => object;
}

function makerOf(layout: object): Maker {
  const names = Object.keys(layout);
  const width = names.length;
  if (width === 0 || names.includes('__proto__') || Array.isArray(layout)) throw damaged();
  const readers = Object.values(layout).map(readerOf);
  const from: Maker['from'] = (cells, start) => {
    const object: Record<string, unknown> = {};
    for (let i = 0; i < width; i++) {
      const cell = cells[start + i];
      const read = readers[i];
      object[names[i] as string] = read === undefined ? cell : read(cell);
    }
    return object;
  };
  return { width, from };
}

function damaged(): SerializationError {
  return new SerializationError('The stored rows are damaged.');
}
