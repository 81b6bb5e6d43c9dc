/**
 * Which files and functions of `src/` one call passes: a miss of a `@Cached` method on Redis until its
 * fill is acknowledged, and a miss in memory alone. Without accessors and field initialisers.
 *
 *   node --import tsx scripts/trace-miss.mjs [--list]
 *
 * Needs `redis-server` on the PATH. The numbers are in docs/architecture.md.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../src', import.meta.url));
const { Cached, CacheManager } = await import('../src/index');
const isListing = process.argv.includes('--list');

const session = new Session();
session.connect();
await session.post('Profiler.enable');

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startRedis() {
  const dir = mkdtempSync(join(tmpdir(), 'trace-miss-'));
  const port = await freePort();
  const args = ['--port', port, '--bind', '127.0.0.1', '--dir', dir, '--save', ''];
  const server = spawn('redis-server', args.map(String), { stdio: 'ignore' });
  await new Promise((resolve, reject) => {
    server.once('spawn', resolve);
    server.once('error', reject);
  });
  const stop = async () => {
    server.kill();
    await new Promise((resolve) => server.once('exit', resolve));
    rmSync(dir, { recursive: true });
  };
  return { url: `redis://127.0.0.1:${String(port)}`, stop };
}

/** Not counted: accessors, what classes and modules do once, and helpers of the compiler. */
const UNCOUNTED = /^(?:[gs]et .*|<(?:instance|static)_.*initializer>|__\w+)$/;

/** The functions of `src/` that a call runs, by file. */
async function trace(call) {
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await session.post('Profiler.takePreciseCoverage');
  await call();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  await session.post('Profiler.stopPreciseCoverage');
  const files = new Map();
  for (const { url, functions } of result) {
    if (!url.startsWith('file:')) continue;
    const file = relative(src, fileURLToPath(url.split('?')[0]));
    if (file.startsWith('..')) continue;
    const run = functions
      // The module itself is a function from the first character on.
      .filter(({ ranges: [whole] }) => whole.count > 0 && whole.startOffset > 0)
      .map(({ functionName }) => functionName)
      .filter((name) => !UNCOUNTED.test(name));
    if (run.length > 0) files.set(file, run);
  }
  return files;
}

function report(title, files) {
  const sum = (some) => some.reduce((total, [, { length }]) => total + length, 0);
  const all = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  const own = all.filter(([file]) => /^(?:cache|decorators)\//.test(file));
  console.log(
    `${title}: ${String(all.length)} files, ${String(sum(all))} functions; ` +
      `in cache/ and decorators/ ${String(own.length)} and ${String(sum(own))}`,
  );
  if (!isListing) return;
  for (const [file, run] of all) {
    console.log(`  ${file}: ${run.map((name) => name || '(anonymous)').join(', ')}`);
  }
}

function serviceOn(cache) {
  class UserService {
    getUser(id) {
      return Promise.resolve({ id, name: 'Ada' });
    }
  }
  const { prototype } = UserService;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'getUser');
  const decorate = Cached({ ttl: '1h', keyPrefix: 'user', cache });
  Object.defineProperty(prototype, 'getUser', decorate(prototype, 'getUser', descriptor));
  return new UserService();
}

async function untilIdle(cache) {
  const core = cache[Symbol.for('aurora-cache.core.v4')].core;
  while (core.loads.size + core.writes.size > 0) await wait(1);
}

async function traceMiss(title, cache) {
  const users = serviceOn(cache);
  await users.getUser(1);
  await untilIdle(cache);
  // Timers and messages of the first calls are done by then.
  await wait(200);
  const files = await trace(async () => {
    await users.getUser(2);
    await untilIdle(cache);
  });
  report(title, files);
  await cache.close();
}

const redis = await startRedis();
const shared = new CacheManager({ redisUrl: redis.url, namespace: 'trace' });
while (!(await shared.getStats()).listening) await wait(10);
await traceMiss('A miss on Redis', shared);
await redis.stop();
await traceMiss('A miss in memory', new CacheManager());
process.exit();
