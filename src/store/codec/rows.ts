/*
 * JSON in which lists of similar objects name their properties once. V8 takes longer to read a name than the
 * value after it, and JSON repeats the names in every row:
 *
 *     {"id":7,"items":[{"sku":"a","n":1},{"sku":"b","n":2}]}
 *
 * becomes a schema, a line break, and the cells:
 *
 *     {"id":0,"items":[{"sku":0,"n":0}]}
 *     [7,["a",1,"b",2]]
 *
 * In a schema, `{…}` stands for the list of one object's cells, `[{…}]` for the list of the cells of any number
 * of objects, and 0 for any JSON, unchanged. The cells of the first two may be `null` instead.
 */

/** Maximum length of a schema: a store may contain anything, and the readers of schemas are kept. */
export const MAX_SCHEMA_CHARS = 2000;
/** Maximum number of properties of an object: wider ones are read no faster than JSON. */
export const MAX_NAMES = 32;
/** Maximum nesting depth; deeper parts remain plain JSON. */
const MAX_DEPTH = 16;
/**
 * Minimum number of names that are left out for each name that is written: reading a small schema for the
 * first time takes up to twice as long as reading JSON.
 */
const MIN_NAMES_RATIO = 4;

/** Any JSON, unchanged; schemas contain this number. */
export const ANY = 0;
/** Only `null` so far, which fits every schema. */
const NULL = 1;
/** Only `[]` and `null` so far, which fit the schema of any list. */
const EMPTY = 2;

type Part = typeof ANY | typeof NULL | typeof EMPTY | Shape | List;

/** The common shape of the objects at one position. */
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
 * Encodes a JSON value as schema and cells.
 *
 * @returns `undefined` if that would save too little compared with plain JSON.
 * @internal
 */
export function writeRows(value: unknown): string | undefined {
  const part = partOf(value, undefined, 0);
  // Only lists repeat names that can be left out.
  if (!hasList(part)) return undefined;
  const count = { names: 0 };
  const cells = cellsOf(value, part, count);
  if (count.names < (MIN_NAMES_RATIO + 1) * namesIn(part)) return undefined;
  const schema = JSON.stringify(schemaOf(part));
  return schema.length > MAX_SCHEMA_CHARS ? undefined : `${schema}\n${JSON.stringify(cells)}`;
}

/** A shape that fits the value and all values that `known` fits. */
function partOf(value: unknown, known: Part | undefined, depth: number): Part {
  if (known === ANY) return ANY;
  if (value === null) return known ?? NULL;
  if (typeof value !== 'object' || depth > MAX_DEPTH) return ANY;
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
  if (known instanceof Shape) return partOfRow(object, known, depth);
  const names = Object.keys(object);
  // A property of that name would be read back as the object's prototype.
  if (known instanceof List || known === EMPTY || names.includes('__proto__')) return ANY;
  // Without names, the number of rows could not be told from the cells.
  if (names.length === 0 || names.length > MAX_NAMES) return ANY;
  return new Shape(
    names,
    names.map((name) => partOf(object[name], undefined, depth + 1)),
  );
}

/** One more row of a known shape. */
function partOfRow(
  object: Readonly<Record<string, unknown>>,
  known: Shape,
  depth: number,
): Shape | typeof ANY {
  const { names, parts } = known;
  let i = 0;
  for (const name of Object.keys(object)) {
    if (name !== names[i]) return ANY;
    const part = parts[i];
    if (part !== ANY) parts[i] = partOf(object[name], part, depth + 1);
    i++;
  }
  return i === names.length ? known : ANY;
}

function cellsOf(value: unknown, part: Part, count: { names: number }): unknown {
  if (typeof part !== 'object' || value === null) return value;
  const cells: unknown[] = [];
  const rows = part instanceof List ? (value as unknown[]) : [value];
  const { names, parts } = part instanceof List ? part.row : part;
  for (const row of rows as Record<string, unknown>[]) {
    count.names += names.length;
    for (let i = 0; i < names.length; i++) {
      const cell = row[names[i] as string];
      const part = parts[i] ?? ANY;
      cells.push(typeof part === 'object' ? cellsOf(cell, part, count) : cell);
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

function schemaOf(part: Part): unknown {
  if (part instanceof List) return [schemaOf(part.row)];
  if (!(part instanceof Shape)) return ANY;
  return Object.fromEntries(part.names.map((name, i) => [name, schemaOf(part.parts[i] ?? ANY)]));
}
