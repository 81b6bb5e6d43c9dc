import type { IncomingMessage, ServerResponse } from 'node:http';

import { toNodeListener } from './node-listener.js';
import { timeRequest } from './node-timing.js';
import { Timer, type TimingOptions } from './timer.js';
import { urlOf } from './url-of.js';

/** What the plugin needs of a Fastify instance; described here, so that nobody needs Fastify. */
export interface FastifyLike {
  /** As Fastify's own. */
  addHook(
    name: 'onRequest',
    hook: (request: FastifyRequestLike, reply: FastifyReplyLike, done: () => void) => void,
  ): unknown;
}

/** What the plugin needs of a request of Fastify. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage;
  readonly routeOptions: { readonly url?: string | undefined };
}

/** What the plugin needs of a reply of Fastify. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  /** Leaves the answer to us. */
  hijack(): unknown;
}

/** A plugin for Fastify, which concerns the whole application. */
export type FastifyPlugin = (app: FastifyLike, options: unknown, done: () => void) => void;

/**
 * A Fastify plugin: times requests by the patterns of their routes, and serves the API's routes.
 *
 * @throws ConfigurationError for an unknown option or a bad value.
 * @example
 * ```ts
 * await app.register(fastifyPerformance({ api }));
 * ```
 */
export function fastifyPerformance(options: TimingOptions): FastifyPlugin {
  const timer = new Timer('fastifyPerformance', options);
  const listen = toNodeListener(timer.api);
  const plugin: FastifyPlugin = (app, _, ready) => {
    app.addHook('onRequest', (request, reply, done) => {
      if (timer.api.owns(urlOf(request.raw))) {
        // Fastify is not to answer as well.
        reply.hijack();
        listen(request.raw, reply.raw);
        return;
      }
      if (timer.skips(request.raw)) return done();
      const timing = timeRequest(timer, request.raw, reply.raw);
      if (timing === undefined) return done();
      timing.route = request.routeOptions.url;
      if (timer.scope === undefined) return done();
      timing.counts = { hits: 0, misses: 0 };
      timer.scope.run(timing.counts, done);
    });
    ready();
  };
  // Fastify keeps a plugin's hooks to the plugin otherwise.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true });
}
