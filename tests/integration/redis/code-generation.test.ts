import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { bundled } from '../../support/program.js';
import { RedisServer, stopServers } from '../../support/redis/server.js';

const SUPPORT = join(__dirname, '../../support');
let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start();
});

afterAll(stopServers);

async function probe(...words: string[]): Promise<{ codeMade: string[] }> {
  const [trap, program] = await Promise.all([
    bundled(join(SUPPORT, 'code-trap.ts')),
    bundled(join(SUPPORT, 'code-probe.ts')),
  ]);
  const flags = ['--disallow-code-generation-from-strings', '--import', trap];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...flags,
    program,
    server.url,
    ...words,
  ]);
  return JSON.parse(stdout) as { codeMade: string[] };
}

describe('where programs must not be made from text', () => {
  it('everything works over Redis, and nothing tries to make one, dependencies included', async () => {
    expect(await probe()).toEqual({
      equal: 80,
      loaded: [{ id: 1 }, { id: 1 }, { id: 2 }],
      cleared: 200,
      coordinated: true,
      errors: 0,
      codeMade: [],
    });
  });

  it('a program that is made all the same is noted', async () => {
    const { codeMade } = await probe('violation');
    expect(codeMade).toEqual([expect.stringContaining('return 1')]);
  });
});
