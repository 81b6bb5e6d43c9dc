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

/** Texts of the server's become text nodes, and nothing else: markup in them stays text. */
export function element(tag: string, text = '', className = ''): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className !== '') made.className = className;
  return made;
}

/** Nothing is announced, and nothing selected is lost, where nothing has changed. */
export function setText(id: string, text: string): void {
  const target = byId(id);
  if (target.textContent !== text) target.textContent = text;
}

/** A large figure with its unit. */
export function setFigure(id: string, value: string, unit: string): void {
  byId(id).replaceChildren(value, element('small', unit));
}
