import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { ClockReport } from '../support/clock-probe.js';
import { folderWith } from '../support/npm-folder.js';
import { RedisServer, stopServers } from '../support/redis/server.js';

const run = promisify(execFile);
const root = join(__dirname, '../..');

let server: RedisServer;
let folder: string;

beforeAll(async () => {
  server = await RedisServer.start();
  folder = await mkdtemp(join(tmpdir(), 'aurora-clock-'));
});

afterAll(async () => {
  await stopServers();
  await rm(folder, { recursive: true, force: true });
});

/** Runs the probe in a process whose time of day can be set while it runs. */
async function probe(offset: string): Promise<ClockReport> {
  const control = join(folder, 'offset');
  await writeFile(control, '+0');
  const library = await run('faketime', ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD']);
  const env = {
    ...process.env,
    LD_PRELOAD: library.stdout.trim(),
    FAKETIME_TIMESTAMP_FILE: control,
    FAKETIME_NO_CACHE: '1',
    // The monotonic clock cannot be set.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
  const words = ['--import', 'tsx', 'tests/support/clock-probe.ts', offset, server.url];
  const { stdout } = await run(process.execPath, words, { cwd: root, env });
  return JSON.parse(stdout) as ClockReport;
}

describe("the machine's clock", () => {
  it.each([
    ['back', '-1h', -3_600_000],
    ['forward', '+1h', 3_600_000],
  ])('that is set %s by an hour neither prolongs nor ends a life', async (_, offset, ms) => {
    const { movedMs, served } = await probe(offset);
    expect(Math.abs(movedMs - ms)).toBeLessThan(60_000);
    expect(served).toEqual({
      '@Cached': [true, false],
      memoized: [true, false],
      get: [true, false],
      MemoryStore: [true, false],
      Redis: [true, false],
      // Its entries carry the time of day: made in the future, or over.
      'a Map': [false, false],
    });
  });

  it('is the one of vitest under its fake timers', async () => {
    const vitest = await folderWith('vitest', 'vitest@4');
    const support = join(root, 'tests/support/fake-timers.ts');
    const main = join(root, 'src/index.ts');
    await writeFile(
      join(vitest, 'fake-timers.test.ts'),
      `import { expect, it, vi } from 'vitest';
       import { EXPECTED, underFakeTimers } from ${JSON.stringify(support)};
       it('moves lives', async () => {
         const read = await underFakeTimers({
           enable: () => vi.useFakeTimers(),
           tick: (ms) => vi.advanceTimersByTime(ms),
           disable: () => vi.useRealTimers(),
         });
         expect(read).toEqual(EXPECTED);
       });`,
    );
    await writeFile(
      join(vitest, 'vitest.config.mjs'),
      `export default {
         root: ${JSON.stringify(vitest)},
         resolve: { alias: { 'aurora-cache': ${JSON.stringify(main)} } },
       };`,
    );
    const program = join(vitest, 'node_modules/vitest/vitest.mjs');
    const { stdout } = await run(process.execPath, [program, 'run'], { cwd: vitest });
    expect(stdout).toMatch(/1 passed/);
  });
});
