import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { bench, expectFigures, names, node, reportOf, root, tsc } from '../support/bench.js';

describe('the benchmarks with rivals', () => {
  jest.setTimeout(600_000);

  it('compare us with rivals that really hit, and whose adapters compile', async () => {
    // Installs the rivals if they are missing.
    const cases = ['memory-hit', 'redis-hit', 'memory-store', 'load'];
    const { code, stderr, stdout } = await bench(...cases);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(existsSync(join(root, 'benchmarks/node_modules'))).toBe(true);
    for (const name of cases) expectFigures(reportOf(name));
    expect(names(reportOf('load'), 'The example')).toEqual(['without cache', 'with cache']);
    expect(names(reportOf('memory-hit'), 'One string')).toEqual(
      expect.arrayContaining(['@Cached', 'layered-loader', 'bentocache', '@type-cacheable/core']),
    );
    expect(names(reportOf('redis-hit'), 'Hit in Redis')).toEqual(
      expect.arrayContaining(['cached(), memory off', 'Keyv + @keyv/redis', 'cache-manager']),
    );
    expect(names(reportOf('memory-store'), 'get')).toContain('lru-cache');
    expect(stdout).toMatch(/layered-loader \d+\.\d+\.\d+/);

    expect(await node([tsc, '-p', 'benchmarks/tsconfig.json'])).toMatchObject({
      code: 0,
      stdout: '',
    });
  });
});
