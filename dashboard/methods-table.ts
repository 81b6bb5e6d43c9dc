import type { Method } from './responses.js';
import { byId, element, inside, setText, showRows, type Row } from './dom.js';
import { integer, percent, spelt } from './format.js';

/** The page is for looking at; all of them are in `GET methods`. */
const MAX_ROWS = 200;

interface Column {
  readonly title: string;
  /** The sort value; -1 for none. */
  readonly value: (one: Method) => number | string;
  readonly text: (one: Method) => string;
  readonly isBad?: (one: Method) => boolean;
}

const reads = ({ hits, misses }: Method): number => hits + misses;
const loadP99 = ({ load_times: loads, call_times: calls }: Method): number => {
  const times = loads ?? calls;
  return times === null || times.count === 0 ? -1 : times.p99;
};

const COLUMNS: readonly Column[] = [
  { title: 'Method', value: ({ name }) => name, text: ({ name }) => name },
  { title: 'Calls', value: ({ calls }) => calls, text: ({ calls }) => integer(calls) },
  {
    title: 'Hit rate',
    value: (one) => (reads(one) === 0 ? -1 : one.hit_rate),
    text: (one) => (reads(one) === 0 ? '–' : percent(one.hit_rate)),
  },
  {
    title: 'Load p99',
    value: loadP99,
    text: (one) => (loadP99(one) < 0 ? '–' : spelt(loadP99(one))),
  },
  {
    title: 'Time saved',
    value: ({ time_saved: saved }) => saved,
    text: ({ time_saved: saved }) => (saved === 0 ? '–' : spelt(saved)),
  },
  {
    title: 'Errors',
    value: ({ errors }) => errors,
    text: ({ errors }) => integer(errors),
    isBad: ({ errors }) => errors > 0,
  },
];

/** The decorated methods, sorted by the column that the reader chooses. */
export class MethodsTable {
  private readonly table = byId('methods');
  private methods: readonly Method[] = [];
  private column = 1;
  private isDown = true;

  constructor() {
    const heads = COLUMNS.map(({ title }, i) => {
      const head = element('th', '', i === 0 ? '' : 'n');
      head.setAttribute('scope', 'col');
      const button = element('button', title);
      button.setAttribute('type', 'button');
      button.addEventListener('click', () => {
        this.sortBy(i);
      });
      head.append(button);
      return head;
    });
    inside(this.table, 'thead tr').replaceChildren(...heads);
    this.markSort();
  }

  show(methods: readonly Method[]): void {
    this.methods = methods;
    const rows = this.sorted()
      .slice(0, MAX_ROWS)
      .map((one): Row => ({
        id: one.name,
        parts: COLUMNS.map(({ text, isBad }, i) => {
          const kind = `${i === 0 ? '' : 'n'}${isBad?.(one) === true ? ' bad' : ''}`;
          return ['td', text(one), kind];
        }),
      }));
    showRows(this.table, rows);
    this.table.hidden = rows.length === 0;
    byId('methods-empty').hidden = rows.length > 0;
    const isCut = methods.length > MAX_ROWS;
    setText('methods-note', isCut ? `${MAX_ROWS} of ${integer(methods.length)}` : '');
  }

  private sorted(): Method[] {
    const { value } = COLUMNS[this.column]!;
    const sign = this.isDown ? -1 : 1;
    return [...this.methods].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      return x < y ? -sign : x > y ? sign : a.name < b.name ? -1 : 1;
    });
  }

  private sortBy(column: number): void {
    // Numbers descending first, names ascending first; then the other way round.
    this.isDown = this.column === column ? !this.isDown : column > 0;
    this.column = column;
    this.markSort();
    this.show(this.methods);
  }

  private markSort(): void {
    for (const [i, head] of this.table.querySelectorAll('th').entries()) {
      const way = i !== this.column ? 'none' : this.isDown ? 'descending' : 'ascending';
      head.setAttribute('aria-sort', way);
    }
  }
}
