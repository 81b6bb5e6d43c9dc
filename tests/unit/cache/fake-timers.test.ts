import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { EXPECTED, underFakeTimers } from '../../support/fake-timers.js';

const root = join(__dirname, '../../..');

describe('a cache on the machine’s clock, under fake timers', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it.each([
    ['of jest', false],
    ['of jest that leave timers alone', true],
  ])('%s', async (_, areTimersReal) => {
    const read = await underFakeTimers({
      enable: () => {
        jest.useFakeTimers(areTimersReal ? { doNotFake: ['setTimeout', 'nextTick'] } : {});
      },
      tick: (ms) => {
        jest.advanceTimersByTime(ms);
      },
      disable: () => {
        jest.useRealTimers();
      },
    });
    expect(read).toEqual(areTimersReal ? { ...EXPECTED, swept: [] } : EXPECTED);
  });

  it('of node:test', async () => {
    const words = ['--import', 'tsx', 'tests/support/node-test-timers.ts'];
    await promisify(execFile)(process.execPath, words, { cwd: root });
  });
});
