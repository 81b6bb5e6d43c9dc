export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`no #${id}`);
  return element as E;
}

export function inside(parent: HTMLElement, selector: string): HTMLElement {
  const element = parent.querySelector<HTMLElement>(selector);
  if (element === null) throw new Error(`no ${selector} in #${parent.id}`);
  return element;
}

/** Text from the server becomes text nodes only, so that markup in it stays text. */
export function element(tag: string, text = '', className = ''): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className !== '') made.className = className;
  return made;
}

/** Leaves unchanged text alone: no announcement by screen readers, no lost selection. */
export function setText(id: string, text: string): void {
  const target = byId(id);
  if (target.textContent !== text) target.textContent = text;
}

/** A part of a list or of a row. */
export type Part = readonly [tag: string, text: string, className?: string];

/**
 * Updates the children of an element in place. Unchanged ones are left alone, which keeps selections
 * and the position of screen readers.
 */
export function showParts(parent: Element, parts: readonly Part[]): void {
  keepChildren(parent, parts.length);
  for (const [i, [tag, text, className = '']] of parts.entries()) {
    const child = parent.children[i];
    if (child?.localName !== tag) {
      const made = element(tag, text, className);
      if (child === undefined) parent.append(made);
      else child.replaceWith(made);
      continue;
    }
    if (child.textContent !== text) child.textContent = text;
    if (child.className !== className) child.className = className;
  }
}

/** A row of a table. */
export interface Row {
  /** Identifies the row from one update to the next. Of rows that share it, one keeps its element. */
  readonly id: string;
  readonly parts: readonly Part[];
}

/**
 * Updates the rows of a table in place. A row keeps its element, and a selection in it, when others come
 * before it.
 */
export function showRows(table: HTMLElement, rows: readonly Row[]): void {
  const body = inside(table, 'tbody');
  const ids = new Set(rows.map(({ id }) => id));
  const kept = new Map<string | undefined, HTMLElement>();
  for (const child of [...body.children] as HTMLElement[]) {
    const { id } = child.dataset;
    if (id === undefined || !ids.has(id) || kept.has(id)) child.remove();
    else kept.set(id, child);
  }
  for (const [i, { id, parts }] of rows.entries()) {
    const row = kept.get(id) ?? element('tr');
    kept.delete(id);
    row.dataset['id'] = id;
    showParts(row, parts);
    const there = body.children[i] ?? null;
    if (there !== row) body.insertBefore(row, there);
  }
}

function keepChildren(parent: Element, count: number): void {
  while (parent.children.length > count) parent.lastElementChild?.remove();
}

/** Shows a large number with its unit. */
export function setFigure(id: string, value: string, unit: string): void {
  byId(id).replaceChildren(value, element('small', unit));
}
