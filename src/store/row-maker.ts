/** The value of one place, made from its cells. */
export type Reader = (cells: unknown) => unknown;

/** One object out of the cells that begin at `start`. */
type Make = (cells: readonly unknown[], start: number) => object;

/** Objects of a layout after which it pays to compile what makes them. */
const COMPILED_AFTER = 1000;

/**
 * Makes objects of one layout, and learns to do it faster once there are many of them.
 *
 * @internal
 */
export class RowMaker {
  /** Cells of one object. */
  readonly width: number;
  private made = 0;
  private make: Make;

  /** @param readers - What reads a cell further; `undefined` where it is the value itself. */
  constructor(
    private readonly names: readonly string[],
    private readonly readers: readonly (Reader | undefined)[],
  ) {
    this.width = names.length;
    this.make = oneByOne(names, readers);
  }

  /** The way to make some more. */
  ready(count: number): Make {
    const { make } = this;
    if (this.made < COMPILED_AFTER && (this.made += count) >= COMPILED_AFTER) {
      // For the next ones: a layout that is met but once is not worth it, however many rows it has.
      this.make = compiled(this.names, this.readers) ?? make;
    }
    return make;
  }
}

function oneByOne(names: readonly string[], readers: readonly (Reader | undefined)[]): Make {
  // An inherited property may be frozen, or a setter: define it on the object itself, as JSON.parse does.
  const isInherited = names.some((name) => name in Object.prototype);
  return (cells, start) => {
    const object: Record<string, unknown> = {};
    for (let i = 0; i < names.length; i++) {
      const cell = cells[start + i];
      const read = readers[i];
      const value = read === undefined ? cell : read(cell);
      if (isInherited) define(object, names[i] as string, value);
      else object[names[i] as string] = value;
    }
    return object;
  };
}

function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

let serial = 0;

/**
 * The same, as a literal of so many properties, which V8 compiles as though it had been written by hand
 * for this layout alone: a third of the time. The text of the program is made of numbers only; names
 * are given to it, and never become a part of it.
 *
 * @returns `undefined` where programs may not be made of text.
 */
function compiled(
  names: readonly string[],
  readers: readonly (Reader | undefined)[],
): Make | undefined {
  const properties = readers.map((read, i) => {
    const cell = `cells[start + ${i}]`;
    return `[names${i}]: ${read === undefined ? cell : `readers${i}(${cell})`}`;
  });
  // A number of its own, since V8 would take the same text for the same program, and learn nothing.
  const text = `return (cells, start) => ({ ${properties.join(', ')} }); // ${++serial}`;
  const parameters = ['names', 'readers'].flatMap((what) => names.map((_, i) => `${what}${i}`));
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- nothing of it comes from outside
    const program = new Function(...parameters, text) as (...given: unknown[]) => Make;
    return program(...names, ...readers);
  } catch {
    return undefined;
  }
}
