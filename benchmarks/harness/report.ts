/** The content of a table cell; numbers are printed with three significant digits. */
export type Cell = string | number;

/** A table of measurements; the first column names the row. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Notes below the table. */
  readonly notes?: readonly string[];
}

/** A target of the project. */
export interface Bar {
  readonly what: string;
  /** In words: `at most 1.5x`. */
  readonly wanted: string;
  readonly figure: number;
  readonly met: boolean;
}

/** The result of a benchmark. */
export interface Report {
  readonly tables: readonly Table[];
  readonly bars: readonly Bar[];
}

/** How a benchmark is run. */
export interface BenchOptions {
  /** A few milliseconds of everything, to see that it works; the measurements mean nothing. */
  readonly quick: boolean;
  /** Without the rivals, which are not part of this repository. */
  readonly rivals: boolean;
}

export function atMost(what: string, limit: number, figure: number, unit = 'x'): Bar {
  return { what, wanted: `at most ${written(limit)}${unit}`, figure, met: figure <= limit };
}

export function atLeast(what: string, limit: number, figure: number, unit = 'x'): Bar {
  return { what, wanted: `at least ${written(limit)}${unit}`, figure, met: figure >= limit };
}

/** A number for readers: three significant digits, with thousands separators. */
export function written(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  if (!Number.isFinite(cell)) return '–';
  if (cell !== 0 && Math.abs(cell) < 0.001) return cell.toPrecision(2);
  return cell.toLocaleString('en', {
    maximumFractionDigits: Math.abs(cell) >= 100 ? 0 : Math.abs(cell) >= 10 ? 1 : 3,
    minimumFractionDigits: Math.abs(cell) < 10 && !Number.isInteger(cell) ? 2 : 0,
  });
}

/** The bars as a separate table. */
export function barTable(bars: readonly Bar[]): Table {
  return {
    title: 'Bars',
    columns: ['what', 'wanted', 'figure', 'met'],
    rows: bars.map(({ what, wanted, figure, met }) => [what, wanted, figure, met ? 'yes' : 'NO']),
  };
}
