import 'reflect-metadata/lite';

/** In Stage-3, static and instance methods share a metadata object. */
const STATIC = Symbol.for('aurora-cache.levels.static.v1');
const INSTANCE = Symbol.for('aurora-cache.levels.instance.v1');

/** By method name, how many classes that this one extends declare a decorated method of the name. */
type Levels = Map<string | symbol, number>;

/**
 * The level of a decorated declaration, in Stage-3: its class's metadata object inherits from that of
 * the class it extends.
 *
 * @internal
 */
export function levelInMetadata(
  metadata: object | undefined,
  name: string | symbol,
  isStatic: boolean,
): number {
  if (metadata === undefined) return 0;
  const key = isStatic ? STATIC : INSTANCE;
  const parent = Object.getPrototypeOf(metadata) as Record<symbol, Levels> | null;
  const inherited = parent?.[key];
  if (!Object.hasOwn(metadata, key)) {
    const value: Levels = new Map(inherited);
    Object.defineProperty(metadata, key, { value });
  }
  return noted((metadata as Record<symbol, Levels>)[key] as Levels, inherited, name);
}

/**
 * The same under `experimentalDecorators`, where a decorator is given the prototype, or the class.
 *
 * @internal
 */
export function levelOnTarget(target: object, name: string | symbol, isStatic: boolean): number {
  const key = isStatic ? STATIC : INSTANCE;
  const parent = Object.getPrototypeOf(target) as object | null;
  const inherited =
    parent === null ? undefined : (Reflect.getMetadata(key, parent) as Levels | undefined);
  let own = Reflect.getOwnMetadata(key, target) as Levels | undefined;
  if (own === undefined) {
    own = new Map(inherited);
    Reflect.defineMetadata(key, own, target);
  }
  return noted(own, inherited, name);
}

/** Another decorator on the same method finds the same level. */
function noted(own: Levels, inherited: Levels | undefined, name: string | symbol): number {
  const below = inherited?.get(name);
  const level = below === undefined ? 0 : below + 1;
  own.set(name, level);
  return level;
}
