/** One column of a table; the first is aligned left, the others right. */
export interface Column {
  readonly title: string;
  readonly width: number;
}

/** A table as plain text. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const titles = columns.map(({ title }) => title);
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, i) => {
        const cell = cells[i] ?? '';
        return i === 0 ? cell.padEnd(column.width) : cell.padStart(column.width);
      })
      .join('')
      .trimEnd();
  return [line(titles), '-'.repeat(width), ...rows.map(line)].join('\n');
}

/** A step of a story on the left, what came of it on the right. */
export function step(what: string, outcome: string): string {
  return `  ${what.padEnd(35)} ${outcome}`;
}

/** A paragraph of lines that fit the terminal. */
export function paragraph(text: string, width = 78): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + word.length >= width) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}

/** `1,234` */
export function integer(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** Milliseconds as `8.41 ms` or `0.19 us`, whichever reads better. */
export function duration(ms: number): string {
  return ms < 0.01 ? `${(ms * 1000).toFixed(2)} us` : `${ms.toFixed(2)} ms`;
}
