import {
  amount,
  brief,
  clockTime,
  duration,
  frequency,
  integer,
  moment,
} from '../../../dashboard/format.js';

describe('durations', () => {
  it.each([
    [0, '0 µs'],
    [0.0000421, '42 µs'],
    [0.0123, '12.3 ms'],
    [0.5, '500 ms'],
    [1.5, '1.50 s'],
    [45, '45.0 s'],
    [600, '10.0 min'],
    [86_400, '24.0 h'],
    [864_000, '10.0 d'],
    [1e12, '11.6M d'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(duration(seconds).join(' ')).toBe(text);
  });

  it.each([
    [0.02, '20 ms'],
    [1, '1 s'],
    [0.0125, '12.5 ms'],
    [0.1, '100 ms'],
  ])('%d seconds are %s where there is little space', (seconds, text) => {
    expect(brief(seconds)).toBe(text);
  });
});

describe('numbers', () => {
  it('are given to the last digit, as long as they fit', () => {
    expect([0, 1234567, 9e15].map(integer)).toEqual(['0', '1,234,567', '9000T']);
    expect([0, 23.34, 12_345.6, 1_234_567].map(amount)).toEqual(['0.0', '23.3', '12,346', '1.23M']);
    expect([0, 0.25, 40, 2e6].map(frequency)).toEqual(['0/s', '0.25/s', '40/s', '2M/s']);
  });
});

describe('moments', () => {
  it('have their day, unless that is today', () => {
    const at = new Date(2026, 4, 17, 13, 5, 9);
    const time = clockTime(at.getTime() / 1000);
    expect(time).toMatch(/13.05.09/);
    expect(moment(at, new Date(2026, 4, 17, 23))).toBe(time);
    expect(moment(at, new Date(2026, 4, 18, 1))).toMatch(new RegExp(`17.*, ${time}$`));
    expect(moment(new Date('yesterday, or so'), at)).toBe('–');
  });
});
