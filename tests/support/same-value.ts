import { types } from 'node:util';

/**
 * Where two values differ in anything that a program could notice: prototypes, own properties and
 * their kinds, symbol keys, -0, holes, the order of entries, and which parts are one object.
 * `undefined` when they do not.
 */
export function difference(a: unknown, b: unknown): string | undefined {
  return new Comparison().at('value', a, b);
}

class Comparison {
  private readonly partners = new Map<object, object>();

  at(path: string, a: unknown, b: unknown): string | undefined {
    if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) {
      return Object.is(a, b) ? undefined : path;
    }
    const partner = this.partners.get(a);
    if (partner !== undefined) return partner === b ? undefined : `${path}: another object`;
    this.partners.set(a, b);
    if (kindOf(a) !== kindOf(b)) return `${path}: ${kindOf(a)}, ${kindOf(b)}`;
    return this.contents(path, a, b) ?? this.properties(path, a, b);
  }

  private contents(path: string, a: object, b: object): string | undefined {
    if (types.isDate(a)) return this.at(`${path}.time`, a.getTime(), (b as Date).getTime());
    if (types.isRegExp(a))
      return this.at(`${path}.pattern`, a.toString(), (b as RegExp).toString());
    if (types.isAnyArrayBuffer(a) || ArrayBuffer.isView(a)) {
      return bytesOf(a).equals(bytesOf(b as ArrayBuffer)) ? undefined : `${path}: bytes`;
    }
    if (types.isMap(a)) return this.entries(path, [...a].flat(1), [...(b as typeof a)].flat(1));
    if (types.isSet(a)) return this.entries(path, [...a], [...(b as typeof a)]);
    if (types.isNativeError(a)) return this.at(`${path}.stack`, a.stack, (b as Error).stack);
    return undefined;
  }

  private entries(path: string, a: readonly unknown[], b: readonly unknown[]): string | undefined {
    if (a.length !== b.length) return `${path}: size`;
    return a.map((item, i) => this.at(`${path}<${String(i)}>`, item, b[i])).find(Boolean);
  }

  private properties(path: string, a: object, b: object): string | undefined {
    const keys = Reflect.ownKeys(a).filter((key) => key !== 'stack');
    const others = Reflect.ownKeys(b).filter((key) => key !== 'stack');
    if (keys.length !== others.length) return `${path}: ${keys.map(String).join()}`;
    for (const [i, key] of keys.entries()) {
      // Errors may have them in another order.
      if (key !== others[i] && !(types.isNativeError(a) && others.includes(key))) {
        return `${path}: order`;
      }
      const [one, two] = [a, b].map((object) => Object.getOwnPropertyDescriptor(object, key));
      if (one?.get !== undefined || two?.get !== undefined)
        return `${path}.${String(key)}: accessor`;
      if (one?.enumerable !== two?.enumerable) return `${path}.${String(key)}: enumerable`;
      const found = this.at(`${path}.${String(key)}`, one?.value, two?.value);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** The class; by name, since a test's sandbox has its own classes beside Node's. */
function kindOf(object: object): string {
  const prototype = Object.getPrototypeOf(object) as object | null;
  const tag = Object.prototype.toString.call(object);
  return prototype === null ? `bare ${tag}` : `${prototype.constructor.name} ${tag}`;
}

function bytesOf(value: ArrayBufferLike | ArrayBufferView): Buffer {
  return ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.from(value);
}
