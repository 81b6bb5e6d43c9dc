import { expectNothingKept, probeContexts } from '../support/context-report.js';
import { RedisServer, stopServers } from '../support/redis/server.js';

afterAll(stopServers);

describe('the async context', () => {
  it('of a request is kept by nothing that outlives it, and callbacks run where they belong', async () => {
    const server = await RedisServer.start();
    expectNothingKept(await probeContexts(process.execPath, server.url));
  });
});
