import { Put, watchForPut } from '../../../src/cache/write/put.js';
import type { FillOutcome } from '../../../src/store/shared-tier.js';
import { expectIdle, flush, setUp, type Setup } from './harness.js';

/** A cache whose shared tier is coordinated, and its commands. */
function setUpShared(leases: { granted?: boolean; fill?: FillOutcome } = {}) {
  const { granted = true, fill = 'stored' } = leases;
  const setup = setUp();
  const commands: string[] = [];
  const command =
    <T>(name: string, reply: T) =>
    async (key: string) => {
      commands.push(`${name} ${key}`);
      return Promise.resolve(reply);
    };
  const shared = {
    isCoordinated: true,
    isUnavailable: false,
    isListening: true,
    lastTagClock: 7,
    ownDelay: { blockedMs: 0, queuedMs: 0 },
    leases: {
      acquire: command('acquire', granted ? { granted, entry: undefined } : undefined),
      fill: command('fill', fill),
      release: command('release', true),
    },
    tags: { clock: async () => Promise.resolve(7) },
    write: command('write', true),
    remove: command('remove', true),
  };
  (setup.core as { shared: unknown }).shared = shared;
  setup.core.updateTrust();
  const kept = (key: string) => setup.core.memory?.peek(key)?.value;
  return { ...setup, commands, kept };
}

async function put(
  { core }: Setup,
  key: string,
  options: { isLocal?: boolean; meanwhile?: () => void } = {},
): Promise<void> {
  const policy = { ...core.options.load, isLocal: options.isLocal === true };
  const update = new Put(core, key);
  await update.acquireLease(policy);
  options.meanwhile?.();
  await update.store('new', policy, 'method');
  update.end();
  await flush();
}

it.each<[string, Parameters<typeof setUpShared>[0], string[], unknown]>([
  ['stores the value by its lease', {}, ['acquire key', 'fill key'], 'new'],
  [
    'removes the entry if the lease is no longer held',
    { fill: 'refused' },
    ['acquire key', 'fill key', 'remove key'],
    undefined,
  ],
  [
    'keeps the value in memory alone if the store fails',
    { fill: 'failed' },
    ['acquire key', 'fill key', 'remove key'],
    'new',
  ],
  [
    'keeps the value in memory alone without the lease',
    { granted: false },
    ['acquire key', 'remove key'],
    'new',
  ],
])('%s', async (_, leases, expected, kept) => {
  const setup = setUpShared(leases);
  await put(setup, 'key');
  expect(setup.commands).toEqual(expected);
  expect(setup.kept('key')).toBe(kept);
  expectIdle(setup);
});

it('keeps a local value in memory, and removes the entry of other processes', async () => {
  const setup = setUpShared();
  await put(setup, '{2}key', { isLocal: true });
  expect(setup.commands).toEqual(['remove key']);
  expect(setup.kept('{2}key')).toBe('new');
});

it('removes the entry, and releases the lease, if this process has changed it meanwhile', async () => {
  const setup = setUpShared();
  await put(setup, 'key', { meanwhile: () => setup.core.invalidation.removeKey('key', 'local') });
  expect(setup.commands).toEqual(['acquire key', 'remove key', 'release key']);
  expect(setup.kept('key')).toBeUndefined();
});

it('lets the lease decide on a change by another process, and does not keep the value in memory', async () => {
  const setup = setUpShared();
  await put(setup, 'key', { meanwhile: () => setup.core.invalidation.removeKey('key', 'remote') });
  expect(setup.commands).toEqual(['acquire key', 'fill key']);
  expect(setup.kept('key')).toBeUndefined();
});

it.each([
  ['writes a key that became known late', () => undefined, ['write key'], 'new'],
  [
    'removes a key that became known late if it has changed since the start',
    ({ core }: Setup) => core.invalidation.removeKey('key', 'remote'),
    ['remove key'],
    undefined,
  ],
])('%s', async (_, meanwhile, expected, kept) => {
  const setup = setUpShared();
  const { core } = setup;
  const watch = watchForPut(core);
  meanwhile(setup);
  const update = new Put(core, 'key', watch);
  await update.store('new', core.options.load, 'method');
  update.end();
  watch.end();
  expect(setup.commands).toEqual(expected);
  expect(setup.kept('key')).toBe(kept);
  expectIdle(setup);
});

it('gives up by removing the entry, and reports a failure', async () => {
  const setup = setUpShared();
  const update = new Put(setup.core, 'key');
  jest.spyOn(setup.core, 'invalidateShared').mockRejectedValue(new Error('lost'));
  await update.giveUp();
  update.end();
  expect(setup.errors).toEqual([new Error('lost')]);
  expectIdle(setup);
});
