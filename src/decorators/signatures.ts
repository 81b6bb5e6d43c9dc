/* eslint-disable @typescript-eslint/no-explicit-any -- the shapes of all methods, whatever theirs */
import type { NotCacheable, Spent } from '../base/spent.js';
import type {
  CachedOptions,
  CacheEvictOptions,
  CachePutOptions,
  MemoizedOptions,
} from './options.js';

/** Options of each decorator on a method of this shape. */
interface OptionsFor<This, Args extends readonly any[], Result> {
  cached: CachedOptions<This, Args, Result>;
  put: CachePutOptions<This, Args, Result>;
  evict: CacheEvictOptions<This, Args>;
  memoized: MemoizedOptions<This, Args, Result>;
  timed: object;
}

/** Kinds that store what the method returns. */
type StoringKind = 'cached' | 'put' | 'memoized';

/**
 * Fits functions whose result is {@link Spent}, but not those of which the types say nothing (`any`),
 * or that return nothing.
 *
 * @typeParam F - The function's type.
 */
export type OnlySpent<K, F extends (...args: any[]) => any> = K extends StoringKind
  ? 0 extends 1 & Awaited<ReturnType<F>>
    ? never
    : [Awaited<ReturnType<F>>] extends [null | undefined]
      ? never
      : // A type parameter of the function's own is unknown here, and fits everything above.
        [Awaited<ReturnType<F>>] extends [Spent]
        ? unknown
        : never
  : never;

/** The kinds of {@link OptionsFor}. */
type DecoratorKind = keyof OptionsFor<any, any, any>;

/**
 * Fits every method whose arguments, result and (in Stage-3) `this` the functions among the options
 * `O` can take; what it is otherwise is what the compiler shows. The options are compared as a
 * whole, so that each function may name as many parameters as it needs, and wider ones.
 */
type Fits<
  K extends DecoratorKind,
  O,
  This,
  F extends (...args: any[]) => unknown,
> = O extends OptionsFor<This, Parameters<F>, Awaited<ReturnType<F>>>[K]
  ? unknown
  : "A function among the options does not take this method's arguments, result or this";

/** The same for the method's descriptor. */
type FitsDescriptor<Problem> = unknown extends Problem ? unknown : { readonly value: Problem };

/**
 * A method decorator for both dialects that leaves the method's type as it is.
 *
 * `O` are the decorator's options: a method that their functions do not fit, as far as those are
 * annotated, is a compile error.
 */
export interface MethodDecorator<K extends DecoratorKind, O, Return> {
  /**
   * Refuses methods whose results can be read only once: what it returns is no method.
   *
   * @typeParam F - The method's type.
   */
  <T, F extends (this: any, ...args: any[]) => Promise<Spent>>(
    method: F & OnlySpent<K, F>,
    context: ClassMethodDecoratorContext<T, F>,
  ): NotCacheable;
  /**
   * The same for `experimentalDecorators`.
   *
   * @typeParam F - The method's type.
   */
  <F extends (...args: any[]) => Promise<Spent>>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F> & OnlySpent<K, F>,
  ): NotCacheable;
  /**
   * Stage-3.
   *
   * @typeParam F - The method's type.
   */
  <T, F extends (this: any, ...args: any[]) => Return>(
    method: F & Fits<K, O, T, F>,
    context: ClassMethodDecoratorContext<T, F>,
  ): F;
  /**
   * TypeScript's `experimentalDecorators`.
   *
   * @typeParam F - The method's type.
   */
  <F extends (...args: any[]) => Return>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F> & FitsDescriptor<Fits<K, O, any, F>>,
  ): TypedPropertyDescriptor<F>;
}

/**
 * As {@link MethodDecorator}, for methods that do not return a promise.
 */
export interface SyncMethodDecorator<K extends DecoratorKind, O> {
  /**
   * Refuses methods whose results can be read only once: what it returns is no method.
   *
   * @typeParam F - The method's type.
   */
  <T, F extends (this: any, ...args: any[]) => Spent>(
    method: F & OnlySpent<K, F>,
    context: ClassMethodDecoratorContext<T, F>,
  ): NotCacheable;
  /**
   * The same for `experimentalDecorators`.
   *
   * @typeParam F - The method's type.
   */
  <F extends (...args: any[]) => Spent>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F> & OnlySpent<K, F>,
  ): NotCacheable;
  /**
   * Stage-3.
   *
   * @typeParam F - The method's type.
   */
  <T, F extends (this: any, ...args: any[]) => unknown>(
    method: F & SyncOnly<F> & Fits<K, O, T, F>,
    context: ClassMethodDecoratorContext<T, F>,
  ): F;
  /**
   * TypeScript's `experimentalDecorators`.
   *
   * @typeParam F - The method's type.
   */
  <F extends (...args: any[]) => unknown>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F> &
      FitsDescriptor<SyncOnly<F>> &
      FitsDescriptor<Fits<K, O, any, F>>,
  ): TypedPropertyDescriptor<F>;
}

/**
 * Fits every function but those that return promises; what it is otherwise is what the compiler
 * shows.
 *
 * @typeParam F - The function's type.
 */
export type SyncOnly<F extends (...args: any[]) => unknown> = [ReturnType<F>] extends [never]
  ? unknown
  : ReturnType<F> extends PromiseLike<unknown>
    ? 'A method that returns a promise takes @Cached, not @Memoized'
    : unknown;

/** Lets an object literal have the options that there are, and no others. */
export type Only<O, Known> = O & { readonly [K in Exclude<keyof O, keyof Known>]: never };
