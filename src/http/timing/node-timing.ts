import type { IncomingMessage, ServerResponse } from 'node:http';

import { urlOf } from '../api/request-url.js';
import { expressRoute, type RoutedRequest } from './express-route.js';
import { contentTypeOf, isStream, writeTimedHead, type WriteHead } from './head-timing.js';
import type { CacheCounts } from './headers.js';
import type { TimingConfig } from './timing-config.js';

const TIMING = Symbol('aurora-cache.timing');

interface UpgradeRequest extends IncomingMessage {
  /** Set if the client requests another protocol and the server has an `upgrade` listener. */
  readonly upgrade?: boolean;
}

interface TimedResponse extends ServerResponse {
  [TIMING]?: NodeTiming;
}

/** Responses to pipelined requests that wait for earlier ones, by connection. */
const queues = new WeakMap<object, Set<TimedResponse>>();

/**
 * One request in progress. It is stored on the response, so that all requests share the same
 * functions: a closure per request would cost more than the counting itself.
 *
 * @internal
 */
export class NodeTiming {
  /** Pattern of the route, once it is known. */
  route: string | undefined = undefined;
  counts: CacheCounts | undefined = undefined;
  /** Looks the pattern up at the end, for frameworks that route later. */
  findRoute: (() => string | undefined) | undefined = undefined;
  hasEnded = false;
  /** Whether it is an event stream or a WebSocket, which are counted separately. */
  isStream = false;
  /** The waiting responses of the same connection. */
  queue: Set<ServerResponse> | undefined = undefined;

  constructor(
    readonly config: TimingConfig,
    readonly start: number,
    /** As it was sent; routers change the request's own. */
    readonly url: string,
    readonly writeHead: WriteHead,
    /** Express only: the application that the request entered. */
    readonly app: RoutedRequest['app'],
  ) {}

  get path(): string {
    return this.url.split(/[?#]/, 1)[0] ?? '';
  }
}

/**
 * Starts timing a node:http request, until the response is complete or the client disconnects.
 *
 * @returns `undefined` if the request is already being timed: it counts once.
 * @internal
 */
export function timeRequest(
  config: TimingConfig,
  request: IncomingMessage,
  response: ServerResponse,
): NodeTiming | undefined {
  const timing = begin(config, request, response, urlOf(request));
  if (timing !== undefined) watch(request, response, timing);
  return timing;
}

/**
 * Times a request while `handle` runs, and what remains of it afterwards. A response that is already
 * complete then, because its handler is synchronous, needs no listener.
 *
 * @internal
 */
export function timeHandling(
  config: TimingConfig,
  request: IncomingMessage,
  response: ServerResponse,
  url: string,
  handle: () => void,
): void {
  const timing = begin(config, request, response, url);
  if (timing === undefined) {
    handle();
    return;
  }
  try {
    if (config.cacheCounter === undefined) handle();
    else config.cacheCounter.run((timing.counts = { hits: 0, misses: 0 }), handle);
  } finally {
    if (response.writableFinished) end(response, timing);
    else watch(request, response, timing);
  }
}

function begin(
  config: TimingConfig,
  request: IncomingMessage,
  response: TimedResponse,
  url: string,
): NodeTiming | undefined {
  if (response[TIMING] !== undefined) return undefined;
  const { app } = request as RoutedRequest;
  const timing = new NodeTiming(config, config.now(), url, writeHeadOf(response), app);
  response[TIMING] = timing;
  // An upgrade request gets here only if the program passes it on from an `upgrade` event.
  if ((request as UpgradeRequest).upgrade === true) beginStream(timing);
  else config.counters.inFlight++;
  response.writeHead = timedWriteHead;
  return timing;
}

function watch(request: IncomingMessage, response: TimedResponse, timing: NodeTiming): void {
  response.on('close', closed);
  // Without a socket, the response waits for an earlier one, and emits no event if the connection closes.
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

/** The `writeHead` of the response itself: another middleware may have patched it. */
function writeHeadOf(response: { readonly writeHead: unknown }): WriteHead {
  return response.writeHead as WriteHead;
}

function timedWriteHead(this: TimedResponse, ...head: Parameters<WriteHead>): ServerResponse {
  const timing = this[TIMING] as NodeTiming;
  const { config, writeHead, counts } = timing;
  if (this.headersSent) return writeHead.apply(this, head);
  const ms = config.now() - timing.start;
  if (config.hasHeaders) writeTimedHead(this, writeHead, head, ms, counts);
  else writeHead.apply(this, head);
  if (timing.hasEnded) return this;
  // A refused protocol switch is an ordinary request.
  if (timing.isStream && head[0] !== 101) endStream(timing, 'refused');
  if (isStream(contentTypeOf(this, head))) {
    finish(this, timing, false, ms);
    beginStream(timing);
  }
  return this;
}

function beginStream(timing: NodeTiming): void {
  timing.isStream = true;
  const { counters } = timing.config;
  counters.streams++;
  counters.openStreams++;
}

function endStream(timing: NodeTiming, how: 'closed' | 'refused'): void {
  const { counters } = timing.config;
  timing.isStream = false;
  counters.openStreams--;
  if (how === 'closed') return;
  counters.streams--;
  counters.inFlight++;
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
  // HTTP/2 responses lack `writableFinished`.
  const isWritten = (response.writableFinished as boolean | undefined) ?? response.writableEnded;
  finish(response, timing, !isWritten, timing.config.now() - timing.start);
}

/** Counts a request: at its end, or for a stream, when the stream begins. */
function finish(
  response: ServerResponse,
  timing: NodeTiming,
  isAborted: boolean,
  ms: number,
): void {
  timing.hasEnded = true;
  const { config, url } = timing;
  const { req: request } = response;
  const route = timing.route ?? timing.findRoute?.() ?? routeOf(timing, request);
  const { method = 'GET' } = request;
  config.counters.end(method, url, route, response.statusCode, isAborted, ms);
}

function routeOf(timing: NodeTiming, request: RoutedRequest): string | undefined {
  const { config } = timing;
  if (config.routeOf !== undefined) {
    try {
      const route: unknown = config.routeOf(request);
      return typeof route === 'string' ? route : undefined;
    } catch {
      return undefined;
    }
  }
  return expressRoute(request, timing.url, timing.app);
}
