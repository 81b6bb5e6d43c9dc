import type { IncomingMessage, ServerResponse } from 'node:http';

import { expressRoute, type RoutedRequest } from './express-route.js';
import { contentTypeOf, isStream, writeTimedHead, type WriteHead } from './head-timing.js';
import type { CacheCounts } from './headers.js';
import type { Timer } from './timer.js';
import { urlOf } from './url-of.js';

const TIMING = Symbol('aurora-cache.timing');

interface UpgradeRequest extends IncomingMessage {
  /** Whether the connection is to switch protocols, and the server has a listener for that. */
  readonly upgrade?: boolean;
}

interface TimedResponse extends ServerResponse {
  [TIMING]?: NodeTiming;
}

/** Pipelined requests whose turn has not come, by connection. */
const queues = new WeakMap<object, Set<TimedResponse>>();

/**
 * One request that is under way. The functions that work on it are the same for all requests and
 * find it on the response: a closure for each would cost more than all the counting.
 *
 * @internal
 */
export class NodeTiming {
  /** Pattern of the route, once somebody knows it. */
  route: string | undefined = undefined;
  counts: CacheCounts | undefined = undefined;
  /** Finds the pattern where a framework knows it only later. */
  findRoute: (() => string | undefined) | undefined = undefined;
  hasEnded = false;
  /** Whether it goes on until one side has enough, and is counted apart: events, a WebSocket. */
  isStream = false;
  /** Those of the same connection that wait for their turn. */
  queue: Set<ServerResponse> | undefined = undefined;

  constructor(
    readonly timer: Timer,
    readonly start: number,
    /** Routers change the request's own. */
    readonly url: string,
    readonly writeHead: WriteHead,
    /** Of Express: the one that the request entered. */
    readonly app: RoutedRequest['app'],
  ) {}

  get path(): string {
    return this.url.split(/[?#]/, 1)[0] ?? '';
  }
}

/**
 * Begins to time a request of node:http, until its answer is complete or its client has gone.
 *
 * @returns `undefined` when it is being timed already: it counts once, however often it passes.
 * @internal
 */
export function timeRequest(
  timer: Timer,
  request: IncomingMessage,
  response: ServerResponse,
): NodeTiming | undefined {
  const timing = begin(timer, request, response, urlOf(request));
  if (timing !== undefined) watch(request, response, timing);
  return timing;
}

/**
 * Times a request while `handle` runs, and what is left of it afterwards. An answer that is complete
 * by then, as those of handlers that wait for nothing are, needs no listener.
 *
 * @internal
 */
export function timeHandling(
  timer: Timer,
  request: IncomingMessage,
  response: ServerResponse,
  url: string,
  handle: () => void,
): void {
  const timing = begin(timer, request, response, url);
  if (timing === undefined) {
    handle();
    return;
  }
  try {
    if (timer.scope === undefined) handle();
    else timer.scope.run((timing.counts = { hits: 0, misses: 0 }), handle);
  } finally {
    if (response.writableFinished) end(response, timing);
    else watch(request, response, timing);
  }
}

function begin(
  timer: Timer,
  request: IncomingMessage,
  response: TimedResponse,
  url: string,
): NodeTiming | undefined {
  if (response[TIMING] !== undefined) return undefined;
  const { app } = request as RoutedRequest;
  const timing = new NodeTiming(timer, timer.now(), url, writeHeadOf(response), app);
  response[TIMING] = timing;
  // Only what a program passes on itself from an `upgrade` event comes here as one.
  if ((request as UpgradeRequest).upgrade === true) beginStream(timing);
  else timer.figures.inFlight++;
  response.writeHead = timedWriteHead;
  return timing;
}

function watch(request: IncomingMessage, response: TimedResponse, timing: NodeTiming): void {
  response.on('close', closed);
  // Its turn on the connection comes after a slower one's; if that never comes, nobody closes it.
  if (response.socket === null) queue(request, response, timing);
}

function queue(request: IncomingMessage, response: TimedResponse, timing: NodeTiming): void {
  const { socket } = request;
  let waiting = queues.get(socket);
  if (waiting === undefined) {
    const all = new Set<TimedResponse>();
    queues.set(socket, (waiting = all));
    socket.once('close', () => {
      for (const one of all) closed.call(one);
    });
  }
  timing.queue = waiting.add(response);
}

/** Another middleware may have patched it too. */
function writeHeadOf(response: { readonly writeHead: unknown }): WriteHead {
  return response.writeHead as WriteHead;
}

function timedWriteHead(this: TimedResponse, ...head: Parameters<WriteHead>): ServerResponse {
  const timing = this[TIMING] as NodeTiming;
  const { timer, writeHead, counts } = timing;
  if (this.headersSent) return writeHead.apply(this, head);
  const ms = timer.now() - timing.start;
  if (timer.hasHeaders) writeTimedHead(this, writeHead, head, ms, counts);
  else writeHead.apply(this, head);
  if (timing.hasEnded) return this;
  // A protocol switch that was refused is a request like others.
  if (timing.isStream && head[0] !== 101) endStream(timing, 'refused');
  if (isStream(contentTypeOf(this, head))) {
    finish(this, timing, false, ms);
    beginStream(timing);
  }
  return this;
}

function beginStream(timing: NodeTiming): void {
  timing.isStream = true;
  timing.timer.figures.streams++;
  timing.timer.figures.openStreams++;
}

function endStream(timing: NodeTiming, how: 'closed' | 'refused'): void {
  const { figures } = timing.timer;
  timing.isStream = false;
  figures.openStreams--;
  if (how === 'closed') return;
  figures.streams--;
  figures.inFlight++;
}

function closed(this: TimedResponse): void {
  end(this, this[TIMING] as NodeTiming);
}

function end(response: ServerResponse, timing: NodeTiming): void {
  timing.queue?.delete(response);
  if (timing.isStream) {
    timing.hasEnded = true;
    endStream(timing, 'closed');
  }
  if (timing.hasEnded) return;
  // Responses of HTTP/2 only say that they have been written.
  const isWritten = (response.writableFinished as boolean | undefined) ?? response.writableEnded;
  finish(response, timing, !isWritten, timing.timer.now() - timing.start);
}

/** Counts a request as it ends; a stream's, when it begins. */
function finish(
  response: ServerResponse,
  timing: NodeTiming,
  isAborted: boolean,
  ms: number,
): void {
  timing.hasEnded = true;
  const { timer, url } = timing;
  const { req: request } = response;
  const route = timing.route ?? timing.findRoute?.() ?? routeOf(timing, request);
  const { method = 'GET' } = request;
  timer.figures.end(method, url, route, response.statusCode, isAborted, ms);
}

function routeOf(timing: NodeTiming, request: RoutedRequest): string | undefined {
  const { timer } = timing;
  if (timer.routeOf !== undefined) {
    try {
      const route: unknown = timer.routeOf(request);
      return typeof route === 'string' ? route : undefined;
    } catch {
      return undefined;
    }
  }
  return expressRoute(request, timing.url, timing.app);
}
