export const integer = (value: number): string => Math.round(value).toLocaleString('en');

export const percent = (value: number): string => `${value.toFixed(1)} %`;

/** A duration in seconds, in the unit that reads best. */
export function duration(seconds: number): [value: string, unit: string] {
  if (seconds < 0.001) return [(seconds * 1e6).toFixed(0), 'µs'];
  if (seconds < 1) return [(seconds * 1000).toFixed(seconds < 0.1 ? 1 : 0), 'ms'];
  if (seconds < 120) return [seconds.toFixed(seconds < 10 ? 2 : 1), 's'];
  if (seconds < 7200) return [(seconds / 60).toFixed(1), 'min'];
  return [(seconds / 3600).toFixed(1), 'h'];
}

export const spelt = (seconds: number): string => duration(seconds).join(' ');
