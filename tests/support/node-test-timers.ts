/** The case of fake timers under node:test, in a separate process. */
import { deepStrictEqual } from 'node:assert';
import { mock } from 'node:test';

import { EXPECTED, underFakeTimers } from './fake-timers.js';

const read = await underFakeTimers({
  enable: () => {
    mock.timers.enable({ apis: ['Date', 'setTimeout'], now: Date.now() });
  },
  tick: (ms) => {
    mock.timers.tick(ms);
  },
  disable: () => {
    mock.timers.reset();
  },
});
deepStrictEqual(read, EXPECTED);
