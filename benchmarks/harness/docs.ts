import { readFile, writeFile } from 'node:fs/promises';

import { described, type Machine } from './machine.js';
import { asMarkdown } from './print.js';
import { barTable, type Report, type Table } from './report.js';

const page = new URL('../../docs/performance.md', import.meta.url);
const readme = new URL('../../README.md', import.meta.url);

/**
 * Puts the tables of a run between the marks of `docs/performance.md` that name its cases, and the
 * first of all, shortened, between those of the README.
 */
export async function writeDocs(
  where: Machine,
  reports: ReadonlyMap<string, Report>,
): Promise<void> {
  let text = await readFile(page, 'utf8');
  for (const [name, { tables, bars }] of reports) {
    const all: readonly Table[] = bars.length > 0 ? [...tables, barTable(bars)] : tables;
    text = replaced(text, name, all.map(asMarkdown).join('\n\n'));
  }
  text = replaced(text, 'machine', described(where).join('.\n\n'));
  await writeFile(page, text);
  const [hits] = reports.get('memory-hit')?.tables ?? [];
  if (hits !== undefined) {
    const front = await readFile(readme, 'utf8');
    await writeFile(readme, replaced(front, 'memory-hit', asMarkdown(short(hits))));
  }
}

/** The rows of the table in the README: the best-known alternatives, and the fastest one. */
const SHORT_ROWS = ['by hand', '@Cached', 'layered-loader', 'cache-manager', 'bentocache'];

/** Some rows, without the columns of the spread. */
function short({ title, columns, rows }: Table): Table {
  const kept = ['', 'ns/op', 'ratio'].map((name) => columns.indexOf(name));
  return {
    title,
    columns: kept.map((i) => columns[i] ?? ''),
    rows: rows
      .filter(([name = '']) => SHORT_ROWS.includes(String(name)))
      .map((row) => kept.map((i) => row[i] ?? '')),
  };
}

function replaced(text: string, name: string, body: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The documentation has no marks for ${name}.`);
  return `${text.slice(0, from + begin.length)}\n\n${body}\n\n${text.slice(to)}`;
}
