import { expectNothingKept, probeContexts } from '../support/context-report.js';
import { nodeOfMajor } from '../support/node-versions.js';
import { RedisServer, stopServers } from '../support/redis/server.js';

/** Those that are supported; async contexts are made in three different ways. */
const VERSIONS = [20, 22, 24];

let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start();
});

afterAll(stopServers);

describe.each(VERSIONS)('Node %i', (major) => {
  jest.setTimeout(300_000);

  it('keeps no request alive', async () => {
    expectNothingKept(await probeContexts(await nodeOfMajor(major), server.url));
  });
});
