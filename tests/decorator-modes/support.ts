/* eslint-disable @typescript-eslint/no-explicit-any -- decorators where the types refuse them */
import { CacheManager, type CacheOptions } from 'aurora-cache';
import { ManualClock } from 'aurora-cache/testing';

/** A cache whose time stands still. */
export function newCache(options: CacheOptions = {}): { cache: CacheManager; clock: ManualClock } {
  const clock = new ManualClock();
  return { cache: new CacheManager({ clock, ...options }), clock };
}

/** A decorator for places that its types refuse. */
export function untyped(decorator: unknown): (...args: any[]) => never {
  return decorator as (...args: any[]) => never;
}

type Body = (this: unknown, ...args: any[]) => any;

/** A third-party method decorator, for both decorator modes. */
export function foreign(change: (body: Body) => Body): (...args: any[]) => any {
  return (first: unknown, second: unknown, third?: PropertyDescriptor): unknown =>
    third === undefined ? change(first as Body) : { ...third, value: change(third.value as Body) };
}

/** As NestJS's SetMetadata: marks the function and leaves it in its place. */
export function mark(key: string | symbol, value: unknown): (...args: any[]) => any {
  return foreign((body) => {
    Reflect.defineMetadata(key, value, body);
    return body;
  });
}

/** Collects the warnings that are emitted from now on. */
export function warnings(): () => string[] {
  const spy = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  return () => spy.mock.calls.map(([message]) => String(message));
}

/** A promise and what settles it. */
export function gate<T = void>(): {
  promise: Promise<T>;
  open: (value: T) => void;
  fail: (error: unknown) => void;
} {
  let open!: (value: T) => void;
  let fail!: (error: unknown) => void;
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}
