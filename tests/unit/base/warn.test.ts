import { runInThisContext } from 'node:vm';

import type * as warn from '../../../src/base/errors/warn.js';

/** Each test has a fresh copy, since a copy remembers what it has said. */
let warnOnce: typeof warn.warnOnce;
let emitted: jest.SpyInstance;
beforeEach(async () => {
  await jest.isolateModulesAsync(async () => {
    ({ warnOnce } = await import('../../../src/base/errors/warn.js'));
  });
  emitted = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

describe('warnOnce', () => {
  it('is a warning of the process, with a type and a code', () => {
    warnOnce('AURORA_TEST', 'subject', 'The message.');
    expect(emitted).toHaveBeenCalledWith('The message.', {
      type: 'AuroraCacheWarning',
      code: 'AURORA_TEST',
    });
  });

  it('is one line, without what a terminal obeys', () => {
    warnOnce('AURORA_TEST', 'subject', 'The key a\nb\u001B[31m.');
    expect(emitted).toHaveBeenCalledWith('The key a\\nb\\x1b[31m.', expect.anything());
  });

  it('reaches listeners of warnings', async () => {
    emitted.mockRestore();
    // Jest gives tests a copy of `process`; warnings are emitted on the one there is.
    const real = runInThisContext('process') as NodeJS.Process;
    const listeners = real.listeners('warning');
    real.removeAllListeners('warning'); // Node's own prints
    const heard = new Promise<Error & { code?: string }>((resolve) => {
      real.once('warning', resolve);
    });
    warnOnce('AURORA_TEST', 'subject', 'The message.');
    const { name, code, message } = await heard;
    for (const listener of listeners) real.on('warning', listener);
    expect({ name, code, message }).toEqual({
      name: 'AuroraCacheWarning',
      code: 'AURORA_TEST',
      message: 'The message.',
    });
  });

  it('is emitted once per code and subject, even with another message', () => {
    warnOnce('AURORA_A', 'x', 'first');
    warnOnce('AURORA_A', 'x', 'second');
    expect(emitted).toHaveBeenCalledTimes(1);
    warnOnce('AURORA_A', 'y', 'third');
    warnOnce('AURORA_B', 'x', 'fourth');
    expect(emitted.mock.calls.map(([message]) => message as string)).toEqual([
      'first',
      'third',
      'fourth',
    ]);
  });

  it('falls silent after a thousand subjects, since they may come from data', () => {
    for (let i = 0; i < 100_000; i++) warnOnce('AURORA_A', String(i), 'm');
    expect(emitted).toHaveBeenCalledTimes(1000);
    warnOnce('AURORA_B', 'new', 'm');
    expect(emitted).toHaveBeenCalledTimes(1000);
  });

  it('is a line on the console where there are no process warnings', () => {
    const line = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const { emitWarning } = process;
    try {
      process.emitWarning = undefined as never;
      warnOnce('AURORA_TEST', 'subject', 'The message.');
    } finally {
      process.emitWarning = emitWarning;
    }
    expect(line).toHaveBeenCalledWith('AuroraCacheWarning [AURORA_TEST]: The message.');
  });
});
