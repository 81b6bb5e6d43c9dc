import type {
  IncomingMessage,
  OutgoingHttpHeader,
  OutgoingHttpHeaders,
  ServerResponse,
} from 'node:http';

import { expressRoute, type RoutedRequest } from './express-route.js';
import { responseTime, serverTiming, type CacheCounts } from './headers.js';
import type { Timer } from './timer.js';
import { urlOf } from './url-of.js';

const TIMING = Symbol('aurora-cache.timing');

/** All its overloads in one: Node looks at the types of what it is given. */
type WriteHead = (
  this: ServerResponse,
  status: number,
  reason?: string | OutgoingHttpHeaders | OutgoingHttpHeader[],
  headers?: OutgoingHttpHeaders | OutgoingHttpHeader[],
) => ServerResponse;

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
  hasEnded = false;
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
  timer.figures.inFlight++;
  if (timer.hasHeaders) response.writeHead = timedWriteHead;
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

function timedWriteHead(
  this: TimedResponse,
  status: number,
  reason?: Parameters<WriteHead>[1],
  headers?: Parameters<WriteHead>[2],
): ServerResponse {
  const timing = this[TIMING] as NodeTiming;
  const { timer, writeHead, counts } = timing;
  if (this.headersSent) return writeHead.call(this, status, reason, headers);
  const ms = timer.now() - timing.start;
  // Node asks by the small letters: these need not be made.
  const others = this.getHeader('server-timing');
  const own = serverTiming(ms, counts);
  const total = others === undefined ? own : `${String(others)}, ${own}`;
  if (Array.isArray(headers)) {
    const list = listed(headers, responseTime(ms), total);
    return writeHead.call(this, status, reason, list);
  }
  if (Array.isArray(reason)) {
    return writeHead.call(this, status, listed(reason, responseTime(ms), total));
  }
  this.setHeader('X-Response-Time', responseTime(ms));
  this.setHeader('Server-Timing', total);
  return writeHead.call(this, status, reason, headers);
}

/** Headers that come as a list: with others set besides, Node would drop those that come twice. */
function listed(headers: readonly unknown[], time: string, total: string): OutgoingHttpHeader[] {
  const own = ['X-Response-Time', time, 'Server-Timing', total];
  // Names and values in turn, or in pairs.
  const pairs = [own.slice(0, 2), own.slice(2)];
  return [...headers, ...(Array.isArray(headers[0]) ? pairs : own)] as OutgoingHttpHeader[];
}

function closed(this: TimedResponse): void {
  end(this, this[TIMING] as NodeTiming);
}

function end(response: ServerResponse, timing: NodeTiming): void {
  if (timing.hasEnded) return;
  timing.hasEnded = true;
  timing.queue?.delete(response);
  const { timer, start, url } = timing;
  const { req: request } = response;
  timer.figures.end(
    request.method ?? 'GET',
    url,
    timing.route ?? routeOf(timing, request),
    response.statusCode,
    // Responses of HTTP/2 only say that they have been written.
    !((response.writableFinished as boolean | undefined) ?? response.writableEnded),
    timer.now() - start,
  );
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
