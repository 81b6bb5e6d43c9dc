/** A table as plain text. Columns fit their cells; the first is aligned left, the others right. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, i) =>
    Math.max(title.length, ...rows.map((cells) => cells[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, i) => (i === 0 ? cells[i]?.padEnd(width) : cells[i]?.padStart(width)) ?? '')
      .join(' ')
      .trimEnd();
  return [line(titles), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join(
    '\n',
  );
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

/** `1.4M` */
export function compact(value: number): string {
  return value.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 1 });
}

/** Milliseconds as `139 ms`, `8.41 ms` or `0.19 us`, whichever reads better. */
export function duration(ms: number): string {
  if (ms < 0.01) return `${(ms * 1000).toFixed(2)} us`;
  return ms < 100 ? `${ms.toFixed(2)} ms` : `${integer(ms)} ms`;
}
