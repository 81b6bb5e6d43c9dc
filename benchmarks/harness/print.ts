import { written, type Table } from './report.js';

/** A table for a terminal. */
export function asText({ title, columns, rows, notes = [] }: Table): string {
  const lines = [columns, ...rows.map((row) => row.map(written))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const text = lines.map((line) =>
    line
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return ['', title, '', ...text, ...notes.map((note) => `  ${note}`)].join('\n');
}

/** A table for the documentation, laid out as prettier would. */
export function asMarkdown({ title, columns, rows, notes = [] }: Table): string {
  const lines = [columns, ...rows.map((row) => row.map(written))].map((line) =>
    line.map((cell) => cell.replaceAll('|', '\\|')),
  );
  const widths = columns.map((_, i) => Math.max(3, ...lines.map((line) => line[i]?.length ?? 0)));
  const [head, ...body] = lines.map(
    (line) => `| ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const below = notes.length === 0 ? [] : ['', notes.join(' ')];
  // A star is a star, and not the beginning of something.
  return [`**${title.replaceAll('*', '\\*')}**`, '', head ?? '', rule, ...body, ...below].join(
    '\n',
  );
}
