/* eslint-disable @typescript-eslint/no-explicit-any -- the shapes of all functions */
import { types } from 'node:util';

import { systemClock } from '../base/time/clock.js';
import { DEFAULTS } from '../base/options/defaults.js';
import { toMilliseconds, type Duration } from '../base/time/duration.js';
import { checkOptions, isDuration, isName } from '../base/options/options.js';
import { timings, type TimingCounters } from '../stats/timing-registry.js';
import { checkFunction } from './functions.js';
import { refuseBare } from './options.js';
import { methodDecorator } from './reflect/method-decorator.js';
import { classText, methodText, type MethodIdentity } from './reflect/identity.js';
import { copyFunctionProps, toMetadata } from './reflect/metadata.js';
import { watchGenerator } from './runtime/timed-generator.js';
import type { AnyFunction, MethodDecoratorOf } from './types/signatures.js';

/** Options of `@Timed` and `timed`. */
export interface TimedOptions {
  /**
   * Name in the statistics.
   *
   * @default class and method (`UserService.getUser`), or the function's name
   */
  name?: string | undefined;
  /**
   * Calls that take longer are recorded in the slow log.
   *
   * @default 1 (second)
   */
  slowThreshold?: Duration | undefined;
}

/**
 * Measures a method: calls, errors, calls in flight, and how long they take until they return, or
 * until the promise that they return settles. A call of a generator counts when the generator ends
 * (exhausted, closed or failed), with the time that it ran, without the time of its consumer. The
 * results are in `getStats().methods`, calls over the threshold in `getStats().slowCalls`.
 *
 * @throws ConfigurationError when it is applied, for an unknown option, a bad value, or on anything
 * but a method.
 * @example
 * ```ts
 * class Reports {
 *   @Timed({ slowThreshold: '250ms' })
 *   async build(month: string): Promise<Report> {
 *     return await this.render(month);
 *   }
 * }
 * ```
 */
export function Timed(options: TimedOptions = {}): MethodDecoratorOf<'timed', object, unknown> {
  checkTimedOptions('@Timed', options);
  return methodDecorator('@Timed', (body, identity) =>
    timedFunction(body, identity, options),
  ) as MethodDecoratorOf<'timed', object, unknown>;
}

/**
 * Measures a function, as {@link Timed} does for a method.
 *
 * @typeParam F - The function's type, which stays as it is.
 * @throws ConfigurationError for an unknown option or a bad value.
 * @example
 * ```ts
 * const render = timed(renderPage, { slowThreshold: '100ms' });
 * ```
 */
export function timed<F extends (...args: any[]) => any>(fn: F, options: TimedOptions = {}): F {
  checkTimedOptions('timed', options);
  checkFunction('timed', fn, { name: options.name ?? 'anonymous' });
  return timedFunction(fn as AnyFunction, undefined, options) as F;
}

function checkTimedOptions(owner: string, options: TimedOptions): void {
  refuseBare(owner, options);
  checkOptions(owner, options, { name: isName, slowThreshold: isDuration });
}

function timedFunction(
  body: AnyFunction,
  identity: MethodIdentity | undefined,
  options: TimedOptions,
): AnyFunction {
  const slowMs = toMilliseconds(options.slowThreshold ?? DEFAULTS.slowThreshold, 'slowThreshold');
  const method = identity?.name ?? options.name ?? body.name;
  let known: TimingCounters | undefined;

  function timedCall(this: unknown, ...args: unknown[]): unknown {
    // The class is only known from a call.
    const counters = (known ??= timings().countersOf(options.name ?? nameOf(this), slowMs));
    const start = systemClock.monotonic();
    counters.inFlight++;
    let outcome: unknown;
    try {
      outcome = body.apply(this, args);
    } catch (error) {
      settle(counters, start, true);
      throw error;
    }
    if (types.isGeneratorObject(outcome)) {
      counters.inFlight--;
      watchGenerator(outcome, {
        run: (isRunning) => {
          counters.inFlight += isRunning ? 1 : -1;
        },
        end: (busyMs, failed) => {
          count(counters, busyMs, failed);
        },
      });
      return outcome;
    }
    // Only promises: a lazy thenable, such as a query builder, would start its work twice.
    if (!types.isPromise(outcome)) {
      settle(counters, start, false);
      return outcome;
    }
    // The caller gets the method's own promise; this branch of it ends here, errors included.
    outcome.then(
      () => {
        settle(counters, start, false);
      },
      () => {
        settle(counters, start, true);
      },
    );
    return outcome;
  }

  function nameOf(self: unknown): string {
    if (identity === undefined) return body.name || 'anonymous';
    const own = methodText(identity);
    if (self === undefined || self === null) return own;
    const owner = identity.isStatic ? self : (Object.getPrototypeOf(self) as object);
    const declaring = identity.declaringClass(owner);
    return declaring === undefined ? own : `${classText(declaring)}.${own}`;
  }

  copyFunctionProps(timedCall, body, toMetadata('timed', method, identity, { name: options.name }));
  return timedCall;
}

function settle(counters: TimingCounters, start: number, failed: boolean): void {
  counters.inFlight--;
  count(counters, systemClock.monotonic() - start, failed);
}

function count(counters: TimingCounters, durationMs: number, failed: boolean): void {
  if (failed) counters.errors++;
  counters.durations.record(durationMs);
  if (durationMs <= counters.slowThresholdMs) return;
  counters.slow++;
  const timestamp = new Date(systemClock.now()).toISOString();
  timings().slowCalls.add({ name: counters.name, durationMs, timestamp, failed });
}
