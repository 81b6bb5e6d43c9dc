import { evictionSettings, UsageError } from '../../../benchmarks/eviction/settings.js';

describe('the options of the simulation', () => {
  it('have defaults', () => {
    const { sizes, seed, format, traces } = evictionSettings({});
    expect({ seed, format, traces }).toEqual({ seed: 42, format: undefined, traces: undefined });
    expect(sizes.map((size) => size.entriesFor(1011))).toEqual([20, 51, 202]);
  });

  it('take sizes as entries and as shares of the keys', () => {
    const { sizes } = evictionSettings({ sizes: '100,0.5%,100%' });
    expect(sizes.map((size) => size.entriesFor(10_000))).toEqual([100, 50, 10_000]);
    expect(sizes.map(({ label }) => label)).toEqual([
      '100 entries',
      '0.5 % of the keys',
      '100 % of the keys',
    ]);
  });

  it.each([
    [{ sizes: '5' }, "--sizes: '5' is not an integer from 20 to 10000000."],
    [{ sizes: '1%,' }, "--sizes: '' is not an integer"],
    [{ sizes: '0%' }, '--sizes: 0% is not in 0%–100%.'],
    [{ sizes: '101%' }, '--sizes: 101% is not in 0%–100%.'],
    [{ seed: '-1' }, "--seed: '-1' is not an integer from 0 to 4294967295."],
    [{ limit: '1e6' }, "--limit: '1e6' is not an integer from 1 to 16000000."],
    [{ format: 'liirs' }, "--format: unknown format 'liirs'. Known are lirs, arc,"],
  ])('refuse %j', (options, message) => {
    expect(() => evictionSettings(options)).toThrow(UsageError);
    expect(() => evictionSettings(options)).toThrow(message);
  });
});
