/** One line of Prometheus' text format. */
interface Line {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Metrics in Prometheus' text format, with what they declare. */
export interface Exposition {
  readonly lines: readonly Line[];
  /** Type by name. */
  readonly types: ReadonlyMap<string, string>;
  /** The only value of a name with (at least) these labels. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
}

/** @throws Error for a line that is none of the format's, and for a series that is there twice. */
export function parse(text: string): Exposition {
  const types = new Map<string, string>();
  const lines: Line[] = [];
  const series = new Set<string>();
  for (const row of text.split('\n').filter((one) => one !== '')) {
    const [, declared, type = ''] = /^# TYPE (\S+) (\S+)$/.exec(row) ?? [];
    if (declared !== undefined) types.set(declared, type);
    if (/^# (TYPE|HELP) \S+ \S/.test(row)) continue;
    const [, name, inner = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(row) ?? [];
    if (name === undefined) throw new Error(`not a line of the format: ${row}`);
    const pairs = [...inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)];
    const labels = Object.fromEntries(
      pairs.map(([, label = '', text = '']) => [
        label,
        text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char)),
      ]),
    );
    const id = `${name}{${inner}}`;
    if (series.has(id)) throw new Error(`there twice: ${id}`);
    series.add(id);
    lines.push({ name, labels, value: value === '+Inf' ? Infinity : Number(value) });
  }
  return {
    ...{ lines, types },
    value(name, labels = {}) {
      const found = lines.filter(
        (line) =>
          line.name === name &&
          Object.entries(labels).every(([label, text]) => line.labels[label] === text),
      );
      if (found.length > 1) throw new Error(`several series of ${name}`);
      return found[0]?.value;
    },
  };
}
