/* eslint-disable @typescript-eslint/no-explicit-any -- the shapes of all methods, whatever theirs */

/**
 * A method decorator for both dialects that leaves the method's type as it is.
 *
 * `Args` and `Result` come from the functions among the decorator's options, as far as those are
 * annotated: a method that they do not fit is a compile error.
 */
export interface MethodDecorator<This, Args extends readonly any[], Return> {
  /** Stage-3. */
  <T extends This, F extends (this: any, ...args: [...Args, ...any[]]) => Return>(
    method: F,
    context: ClassMethodDecoratorContext<T, F>,
  ): F;
  /** TypeScript's `experimentalDecorators`. */
  <F extends (...args: [...Args, ...any[]]) => Return>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F>,
  ): TypedPropertyDescriptor<F>;
}

/**
 * As {@link MethodDecorator}, for methods that do not return a promise.
 */
export interface SyncMethodDecorator<This, Args extends readonly any[], Result> {
  /** Stage-3. */
  <T extends This, F extends (this: any, ...args: [...Args, ...any[]]) => Result>(
    method: F & SyncOnly<F>,
    context: ClassMethodDecoratorContext<T, F>,
  ): F;
  /** TypeScript's `experimentalDecorators`. */
  <F extends (...args: [...Args, ...any[]]) => Result>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F> & SyncDescriptor<F>,
  ): TypedPropertyDescriptor<F>;
}

export type SyncDescriptor<F extends (...args: any[]) => unknown> =
  ReturnType<F> extends PromiseLike<unknown> ? { readonly value: SyncOnly<F> } : unknown;

/** Fits every function but those that return promises; its name is what the compiler shows. */
export type SyncOnly<F extends (...args: any[]) => unknown> =
  ReturnType<F> extends PromiseLike<unknown>
    ? 'A method that returns a promise takes @Cached, not @Memoized'
    : unknown;
