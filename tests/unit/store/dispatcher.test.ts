import { ManualClock } from 'aurora-cache/testing';
import fc from 'fast-check';

import { DISPATCH } from '../../../src/base/options/defaults.js';
import {
  Dispatcher,
  type Lane,
  type CommandCost,
} from '../../../src/store/resilience/dispatcher.js';
import { flush } from '../cache/harness.js';

const TIMEOUT_MS = 500;

interface Command {
  readonly number: number;
  readonly cost: CommandCost;
  readonly requestedAt: number;
  state: 'waiting' | 'sent' | 'passed' | 'done';
}

function setUpDispatcher() {
  const clock = new ManualClock();
  const passed: number[] = [];
  const dispatcher = new Dispatcher({
    now: () => clock.monotonic(),
    timeoutMs: TIMEOUT_MS,
    onOverload: (waiting) => passed.push(waiting),
  });
  const commands: Command[] = [];
  const sent: Command[] = [];
  const settle = (command: Command, isSent: boolean): void => {
    expect(command.state).toBe('waiting');
    command.state = isSent ? 'sent' : 'passed';
    if (isSent) sent.push(command);
  };
  const request = (lane: Lane, weight = 1): Command => {
    const cost = { lane, weight };
    const requestedAt = clock.monotonic();
    const command: Command = { number: commands.length, cost, requestedAt, state: 'waiting' };
    commands.push(command);
    const admission = dispatcher.admit(cost);
    if (typeof admission === 'boolean') settle(command, admission);
    else
      void admission.then((isSent) => {
        settle(command, isSent);
      });
    return command;
  };
  const reply = (command: Command, hasReplied = true, sentAt = clock.monotonic()): void => {
    command.state = 'done';
    sent.splice(sent.indexOf(command), 1);
    dispatcher.complete(command.cost, sentAt, hasReplied);
  };
  return { clock, dispatcher, commands, sent, request, reply, passed };
}

describe('the dispatcher', () => {
  it('sends at once up to its limit, and the rest in order', async () => {
    const { request, reply, sent, commands } = setUpDispatcher();
    for (let i = 0; i < DISPATCH.maxInFlight + 10; i++) request('single');
    expect(sent).toHaveLength(DISPATCH.maxInFlight);
    for (const command of sent.slice(0, 3)) reply(command);
    await flush();
    expect(sent.slice(-3)).toEqual(commands.slice(DISPATCH.maxInFlight, DISPATCH.maxInFlight + 3));
  });

  it('lets single calls overtake bulk calls, and bulk calls leave room', async () => {
    const { request, reply, sent } = setUpDispatcher();
    for (let i = 0; i < 100; i++) request('bulk', DISPATCH.chunk);
    expect(sent).toHaveLength((DISPATCH.maxInFlight * DISPATCH.bulkShare) / DISPATCH.chunk);
    // At once, although bulk calls wait.
    expect(request('single').state).toBe('sent');
    const rest = Array.from({ length: DISPATCH.maxInFlight - 1 }, () => request('single'));
    for (const command of sent.filter(({ cost }) => cost.lane === 'bulk')) reply(command);
    await flush();
    expect(rest.every(({ state }) => state === 'sent')).toBe(true);
    expect(sent.filter(({ cost }) => cost.lane === 'bulk').length).toBe(0);
  });

  it('sends one command of a bulk call that has waited for a time-out', async () => {
    const { request, clock, dispatcher, sent, reply } = setUpDispatcher();
    for (let i = 0; i < 2 * DISPATCH.maxInFlight; i++) request('single');
    const bulk = request('bulk', DISPATCH.chunk);
    await clock.advance('500ms');
    for (const command of sent.slice(0, 10)) reply(command);
    await flush();
    expect(bulk.state).toBe('sent');
    expect(dispatcher.waiting).toBeGreaterThan(0);
  });

  it('is never slower than one command at a time, however much that carries', () => {
    const { request } = setUpDispatcher();
    expect(request('bulk', 100 * DISPATCH.maxInFlight).state).toBe('sent');
  });

  it('passes by at once what would wait for more than four time-outs, and says so once', async () => {
    const { request, clock, dispatcher, sent, reply, passed, commands } = setUpDispatcher();
    for (let i = 0; i < DISPATCH.maxInFlight + 1000; i++) request('single');
    // Ten commands in 100 ms: 1,000 would take 10 s.
    await clock.advance('100ms');
    for (const command of sent.slice(0, 10)) reply(command);
    dispatcher.check();
    for (let i = 0; i < 100; i++) expect(request('single').state).toBe('passed');
    expect(passed).toHaveLength(1);
    // Commands that already wait are not delayed further.
    await clock.advance('1500ms');
    dispatcher.check();
    await flush();
    expect(commands.filter(({ state }) => state === 'waiting')).toEqual([]);
  });

  it('sends fills and writes ahead of the reads and acquisitions that wait', async () => {
    const { request, reply, sent } = setUpDispatcher();
    for (let i = 0; i < 2 * DISPATCH.maxInFlight; i++) request('single');
    const write = request('write');
    const finish = request('finish');
    for (const command of sent.slice(0, 1)) reply(command);
    await flush();
    expect([finish.state, write.state]).toEqual(['sent', 'waiting']);
    for (const command of sent.slice(0, 1)) reply(command);
    await flush();
    expect(write.state).toBe('sent');
  });

  it('passes no fill by while the store replies, however long it waits', async () => {
    const { request, clock, dispatcher, sent, reply } = setUpDispatcher();
    for (let i = 0; i < DISPATCH.maxInFlight; i++) request('single');
    const fills = Array.from({ length: 2000 }, () => request('finish'));
    // Ten commands in 100 ms: the last fill waits for 30 s.
    for (let round = 0; round < 305; round++) {
      await clock.advance('100ms');
      for (const command of sent.slice(0, 10)) reply(command);
      dispatcher.check();
      await flush(1);
      // Reads still go past the store at once, and what has a caller waits no longer than its bound.
      if (round === 10) {
        expect(request('single').state).toBe('passed');
        expect(request('write').state).toBe('passed');
      }
    }
    expect(fills.filter(({ state }) => state === 'passed' || state === 'waiting')).toEqual([]);
  });

  it('drops the fills that wait when the store has not replied for as long as callers wait', async () => {
    const { request, clock, dispatcher } = setUpDispatcher();
    for (let i = 0; i < DISPATCH.maxInFlight; i++) request('single');
    const fill = request('finish');
    for (let i = 0; i < 30; i++) {
      await clock.advance('60ms');
      dispatcher.check();
    }
    await flush();
    expect(fill.state).toBe('passed');
  });

  it('bounds the number of fills that wait', () => {
    const { request, dispatcher } = setUpDispatcher();
    for (let i = 0; i < DISPATCH.maxInFlight + DISPATCH.maxFinishing; i++) request('finish');
    expect(dispatcher.waiting).toBe(DISPATCH.maxFinishing);
    expect(request('finish').state).toBe('passed');
  });

  it('sends less to a store that is slow, and more again to one that is not', async () => {
    const { request, clock, dispatcher, sent, reply } = setUpDispatcher();
    const run = async (ms: number): Promise<void> => {
      while (dispatcher.waiting < 10) request('single');
      const batch = [...sent];
      await clock.advance(`${ms}ms`);
      while (dispatcher.waiting <= batch.length) request('single');
      const sentAt = clock.monotonic() - ms;
      for (const command of batch) reply(command, true, sentAt);
      dispatcher.check();
      await flush(1);
    };
    for (let i = 0; i < 10; i++) await run(300);
    expect(dispatcher.limit).toBe(DISPATCH.minInFlight);
    for (let i = 0; i < 30; i++) await run(51);
    expect(dispatcher.limit).toBe(DISPATCH.maxInFlight);
  });

  it('loses no command, keeps the order of each lane, and is bounded by time', async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('request' as const),
        lane: fc.constantFrom<Lane>('finish', 'write', 'single', 'bulk'),
        weight: fc.constantFrom(1, 20, 128, 700),
        times: fc.integer({ min: 1, max: 60 }),
      }),
      fc.record({
        kind: fc.constant('reply' as const),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      fc.record({
        kind: fc.constant('lose' as const),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 400 }) }),
      fc.record({ kind: fc.constant('skipAll' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const setup = setUpDispatcher();
        const { request, reply, sent, commands, clock, dispatcher } = setup;
        for (const one of steps) {
          if (one.kind === 'request')
            for (let i = 0; i < one.times; i++) request(one.lane, one.weight);
          else if (one.kind === 'wait') {
            // As the deadlines do: several looks within a time-out.
            for (let left = one.ms; left > 0; left -= 60) {
              await clock.advance(`${Math.min(60, left)}ms`);
              dispatcher.check();
            }
          } else if (one.kind === 'skipAll') dispatcher.skipAll();
          else {
            const few = sent.slice(0, Math.ceil(sent.length * one.share));
            for (const command of few) reply(command, one.kind === 'reply');
          }
          await flush(1);
          check(setup);
        }
        // Commands in flight settle, and then all that wait.
        while (sent.length > 0) {
          for (const command of [...sent]) reply(command);
          await flush(1);
        }
        expect(commands.every(({ state }) => state === 'done' || state === 'passed')).toBe(true);
        expect(dispatcher.waiting).toBe(0);
      }),
      { numRuns: 30 },
    );
  });
});

function check({ commands, sent, clock, dispatcher }: ReturnType<typeof setUpDispatcher>): void {
  const waiting = commands.filter(({ state }) => state === 'waiting');
  expect(dispatcher.waiting).toBe(waiting.length);
  const inFlight = sent.reduce((sum, { cost }) => sum + cost.weight, 0);
  // More than the window only for one command alone, or one of a bulk call that has waited for long.
  const bulk = sent.filter(({ cost }) => cost.lane === 'bulk').map(({ cost }) => cost.weight);
  const beside = Math.max(0, ...bulk);
  if (sent.length > 1) expect(inFlight - beside).toBeLessThanOrEqual(DISPATCH.maxInFlight);
  for (const { requestedAt, cost } of waiting) {
    if (cost.lane === 'finish') continue;
    const longest = (DISPATCH.maxTimeouts - 1) * TIMEOUT_MS + 60;
    expect(clock.monotonic() - requestedAt).toBeLessThanOrEqual(longest);
  }
  if (waiting.length > 0) expect(sent.length).toBeGreaterThan(0);
  for (const lane of ['finish', 'write', 'single', 'bulk'] as const) {
    const first = waiting.find(({ cost }) => cost.lane === lane)?.number ?? Infinity;
    const later = sent.filter(({ cost, number }) => cost.lane === lane && number > first);
    expect(later).toEqual([]);
  }
}
