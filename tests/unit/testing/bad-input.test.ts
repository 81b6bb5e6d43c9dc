import { FaultStore, ManualClock, storeContract } from 'aurora-cache/testing';

describe('the helpers for tests refuse', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      'a date as start',
      () => new ManualClock('2024-01-01' as never),
      /ManualClock: start must be a number .* got '2024-01-01'/,
    ],
    ['NaN as start', () => new ManualClock(NaN), /start must be a number .* got NaN/],
    [
      'no wall-clock time',
      () => {
        new ManualClock().setWall(undefined as never);
      },
      /setWall: time must be a number .* got undefined/,
    ],
    [
      'an invalid date',
      () => {
        new ManualClock().setWall(new Date(NaN));
      },
      /setWall: time must be/,
    ],
    [
      'no fault',
      () => new FaultStore().inject(undefined as never),
      /inject: options must be an object; got undefined/,
    ],
    [
      'a misspelt fault',
      () => new FaultStore().inject({ eror: new Error() } as never),
      /inject: there is no option 'eror'. Did you mean 'error'/,
    ],
    [
      'an operation alone',
      () => new FaultStore().inject({ on: 'get' as never }),
      /inject: on must be an array of get, .* got 'get'/,
    ],
    [
      'an unknown operation',
      () => new FaultStore().inject({ on: ['gte' as never] }),
      /inject: on must be/,
    ],
    [
      'no times',
      () => new FaultStore().inject({ times: NaN }),
      /inject: times must be a whole number .* got NaN/,
    ],
    [
      'a latency',
      () => new FaultStore().inject({ latency: 'soon' as never }),
      /inject: latency must be/,
    ],
    [
      'a misspelt clock',
      () => new FaultStore({ clok: 1 } as never),
      /FaultStore: there is no option 'clok'/,
    ],
    ['a clock', () => new FaultStore({ clock: 5 as never }), /FaultStore: clock must be a Clock/],
    [
      'no factory',
      () => storeContract(undefined as never),
      /storeContract: open must be a function; got undefined/,
    ],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(message);
  });

  it('a factory that returns the store itself', async () => {
    const [first] = storeContract(() => new FaultStore() as never);
    await expect(first?.run()).rejects.toThrow(
      /storeContract: the result of open must be \{ store/,
    );
  });

  it('but not a fault for ever', () => {
    expect(() => new FaultStore().inject({ times: Infinity })).not.toThrow();
  });
});
