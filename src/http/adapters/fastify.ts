import type { IncomingMessage, ServerResponse } from 'node:http';

import { urlOf } from '../api/request-url.js';
import { timeRequest } from '../timing/node-timing.js';
import { TimingConfig, type TimingOptions } from '../timing/timing-config.js';
import { toNodeListener } from './node-listener.js';

/** The part of a Fastify instance that the plugin uses, so that the types do not need Fastify. */
export interface FastifyLike {
  /** Like Fastify's `addHook`. */
  addHook(
    name: 'onRequest',
    hook: (request: FastifyRequestLike, reply: FastifyReplyLike, done: () => void) => void,
  ): unknown;
}

/** The part of a Fastify request that the plugin uses. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage;
  readonly routeOptions: { readonly url?: string | undefined };
}

/** The part of a Fastify reply that the plugin uses. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  /** Keeps Fastify from sending a response itself. */
  hijack(): unknown;
}

/** A Fastify plugin for the whole application. */
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
  const config = new TimingConfig('fastifyPerformance', options);
  const listen = toNodeListener(config.api);
  const plugin: FastifyPlugin = (app, _, ready) => {
    app.addHook('onRequest', (request, reply, done) => {
      if (config.api.owns(urlOf(request.raw))) {
        reply.hijack();
        listen(request.raw, reply.raw);
        return;
      }
      if (config.isExcluded(request.raw)) return done();
      const timing = timeRequest(config, request.raw, reply.raw);
      if (timing === undefined) return done();
      timing.route = request.routeOptions.url;
      if (config.cacheCounter === undefined) return done();
      timing.counts = { hits: 0, misses: 0 };
      config.cacheCounter.run(timing.counts, done);
    });
    ready();
  };
  // Otherwise Fastify would limit the hooks to the plugin.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true });
}
