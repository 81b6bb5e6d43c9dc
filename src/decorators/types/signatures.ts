/* eslint-disable @typescript-eslint/no-explicit-any -- the shapes of all methods */
import type { NotCacheable, Spent } from '../../base/values/spent.js';
import type {
  CachedOptions,
  CacheEvictOptions,
  CachePutOptions,
  MemoizedOptions,
} from '../options.js';

/*
 * types/: the signatures of the decorators. They refuse at compile time what the runtime would refuse or
 * could not cache, in both decorator modes, and leave the method's type as it is.
 */

/** Any method or function, as the runtime handles it. */
export type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/** A class, as far as keys depend on it. */
export type ClassLike = (abstract new (...args: never[]) => unknown) & { readonly name: string };

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
 * Fits functions whose result is {@link Spent}, but not those whose result is `any` or nothing.
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
 * `O` can take; otherwise it is the text that the compiler shows. The options are compared as a whole,
 * so that each function may have fewer or wider parameters.
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
 * A method decorator that leaves the method's type as it is, for Stage-3 and for TypeScript's
 * `experimentalDecorators`.
 *
 * @typeParam K - Which decorator it is.
 * @typeParam O - The decorator's options. A method whose arguments, result or `this` the functions
 * among them do not take is a compile error, as far as those functions are annotated.
 * @typeParam Return - What the method must return.
 */
export interface MethodDecoratorOf<K extends DecoratorKind, O, Return> {
  /**
   * Refuses methods whose results can be read only once, by a return type that is no method.
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
 * As {@link MethodDecoratorOf}, for methods that do not return a promise.
 *
 * @typeParam O - The decorator's options.
 */
export interface SyncMethodDecoratorOf<O> {
  /**
   * Refuses methods whose results can be read only once, by a return type that is no method.
   *
   * @typeParam F - The method's type.
   */
  <T, F extends (this: any, ...args: any[]) => Spent>(
    method: F & OnlySpent<'memoized', F>,
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
    descriptor: TypedPropertyDescriptor<F> & OnlySpent<'memoized', F>,
  ): NotCacheable;
  /**
   * Stage-3.
   *
   * @typeParam F - The method's type.
   */
  <T, F extends (this: any, ...args: any[]) => unknown>(
    method: F & SyncOnly<F> & Fits<'memoized', O, T, F>,
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
      FitsDescriptor<Fits<'memoized', O, any, F>>,
  ): TypedPropertyDescriptor<F>;
}

/**
 * Fits every function but those that return promises; otherwise it is the text that the compiler shows.
 *
 * @typeParam F - The function's type.
 */
export type SyncOnly<F extends (...args: any[]) => unknown> = [ReturnType<F>] extends [never]
  ? unknown
  : ReturnType<F> extends PromiseLike<unknown>
    ? 'A method that returns a promise takes @Cached, not @Memoized'
    : unknown;

/** Allows an object literal to have the known options, and no others. */
export type Only<O, Known> = O & { readonly [K in Exclude<keyof O, keyof Known>]: never };
