const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const time = new Intl.DateTimeFormat([], { timeStyle: 'medium', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat([], { month: 'short', day: 'numeric' });

/** To the last digit, as long as there is room for it. */
export const integer = (value: number): string => (value < 1e9 ? whole : short).format(value);

/** For the large numbers, which have less space. */
export const amount = (value: number): string =>
  value < 100 ? value.toFixed(1) : (value < 1e5 ? whole : short).format(value);

/** How often in a second. */
export const frequency = (value: number): string =>
  `${value < 100 ? String(Number(value.toFixed(2))) : amount(value)}/s`;

export const percent = (value: number): string => `${value.toFixed(1)} %`;

/** A duration in seconds, in the unit that reads best. */
export function duration(seconds: number): [value: string, unit: string] {
  if (seconds < 0.001) return [(seconds * 1e6).toFixed(0), 'µs'];
  if (seconds < 1) return [(seconds * 1000).toFixed(seconds < 0.1 ? 1 : 0), 'ms'];
  if (seconds < 120) return [seconds.toFixed(seconds < 10 ? 2 : 1), 's'];
  if (seconds < 7200) return [(seconds / 60).toFixed(1), 'min'];
  if (seconds < 172_800) return [(seconds / 3600).toFixed(1), 'h'];
  return [amount(seconds / 86_400), 'd'];
}

export const spelt = (seconds: number): string => duration(seconds).join(' ');

/** Without zeros that say nothing: `20 ms`. */
export function brief(seconds: number): string {
  const [value, unit] = duration(seconds);
  return `${value.replace(/\.0+$/, '')} ${unit}`;
}

/** Time of the day; of seconds since 1970. */
export const clockTime = (seconds: number): string => time.format(seconds * 1000);

/** When something was: with its day, unless that is today. */
export function moment(at: Date, now: Date): string {
  if (Number.isNaN(at.getTime())) return '–';
  const isToday = at.toDateString() === now.toDateString();
  return isToday ? time.format(at) : `${day.format(at)}, ${time.format(at)}`;
}
