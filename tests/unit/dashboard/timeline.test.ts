import { NOTHING } from '../../../dashboard/samples.js';
import { Timeline } from '../../../dashboard/timeline.js';

const START = 1_800_000_000;

describe('the timeline', () => {
  it('begins as a minute of nothing, so that its charts are not stretched', () => {
    const { times, samples } = new Timeline(START);
    expect(times).toEqual([START - 60, START]);
    expect(samples).toEqual([NOTHING, NOTHING]);
  });

  it('keeps a quarter of an hour, however seldom there is a response', () => {
    const timeline = new Timeline(START);
    for (let i = 1; i <= 500; i++) timeline.add(NOTHING, START + i * 15);
    expect(timeline.times).toHaveLength(61);
    expect(timeline.times[0]).toBe(START + 500 * 15 - 900);
    timeline.add(NOTHING, START + 1_000_000);
    expect(timeline.times).toEqual([START + 1_000_000]);
    expect(timeline.samples).toHaveLength(1);
  });

  it('does not grow, however often there is one', () => {
    const timeline = new Timeline(START);
    for (let i = 1; i <= 5000; i++) timeline.add(NOTHING, START + i / 10);
    expect(timeline.times).toHaveLength(450);
    expect(timeline.samples).toHaveLength(450);
  });

  it('starts again when the clock is set back', () => {
    const timeline = new Timeline(START);
    for (let i = 1; i <= 10; i++) timeline.add(NOTHING, START + i);
    timeline.add(NOTHING, START - 3600);
    const { times } = timeline;
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(times.at(-1)).toBe(START - 3600);
  });
});
