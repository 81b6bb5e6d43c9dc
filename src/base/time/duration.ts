import { describe } from '../errors/describe.js';
import { ConfigurationError } from '../errors/errors.js';
import { warnOnce } from '../errors/warn.js';

/** A length of time that carries its unit: `'250ms'`, `'30s'`, `'5m'`, `'1h'`, `'7d'`. */
export type DurationString = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

/**
 * A length of time: a number of **seconds** (as in Redis `EX` and HTTP `max-age`; fractions are
 * fine), or a string with its unit.
 */
export type Duration = number | DurationString;

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const SHAPE = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** A hundred years: a longer duration is a mistake, and would overflow in some stores. */
const LONGEST = 100 * 365 * 86_400_000;

/**
 * Milliseconds of a duration.
 *
 * @param duration - Seconds, or a string with a unit.
 * @param option - Name of the option, for the message.
 * @throws ConfigurationError for anything but a positive, finite length of at most 100 years.
 * @internal
 */
export function toMilliseconds(duration: unknown, option: string): number {
  if (typeof duration === 'number') {
    if (duration >= 10_000 && duration % 1000 === 0) {
      warnOnce(
        'AURORA_DURATION_UNIT',
        `${option} ${String(duration)}`,
        `${option} is ${String(duration)}, and numbers are seconds: that is ` +
          `${(duration / 3600).toFixed(1)} hours. If milliseconds are meant, write ` +
          `'${String(duration)}ms'.`,
      );
    }
    return checked(duration * 1000, duration, option);
  }
  if (typeof duration === 'string') {
    const match = SHAPE.exec(duration);
    if (match) return checked(Number(match[1]) * (UNITS[match[2] ?? ''] ?? NaN), duration, option);
  }
  return checked(NaN, duration, option);
}

function checked(ms: number, given: unknown, option: string): number {
  if (ms > 0 && ms <= LONGEST) return Math.max(1, Math.round(ms));
  throw new ConfigurationError(
    `${option} must be a positive number of seconds or a string such as '250ms', '30s', '5m', ` +
      `'1h' or '7d' (at most 100 years); got ${describe(given)}.`,
  );
}
