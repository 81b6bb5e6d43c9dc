/** Lines of a configuration; `false` for omitted ones. */
export type Lines = readonly (string | false | Lines)[];

const INDENT = '    ';

/** A block directive. */
export function block(head: string, ...body: Lines): Lines {
  return [`${head} {`, body.flatMap(indented), '}'];
}

function indented(line: string | false | Lines): Lines {
  if (typeof line !== 'string') return line === false ? [] : line.flatMap(indented);
  return [line === '' ? '' : INDENT + line];
}

/** Blocks with an empty line between them. */
export function paragraphs(...parts: readonly (Lines | false)[]): Lines {
  const there = parts.filter((part): part is Lines => part !== false && flat(part).length > 0);
  return there.flatMap((part, i) => (i === 0 ? [part] : ['', part]));
}

/** The text of a file. */
export function textOf(lines: Lines): string {
  return `${flat(lines).join('\n')}\n`;
}

function flat(lines: Lines): string[] {
  return lines.flatMap((line) =>
    typeof line === 'string' ? [line] : line === false ? [] : flat(line),
  );
}

/** A duration in nginx's notation. */
export function timeOf(ms: number): string {
  const whole = Math.max(1, Math.round(ms));
  return whole % 1000 === 0 ? `${String(whole / 1000)}s` : `${String(whole)}ms`;
}

/** Includes of the user's files. */
export function includeLines(files: readonly string[] = []): string[] {
  return files.map((file) => `include ${file};`);
}
