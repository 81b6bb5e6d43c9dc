/*
 * base/ has what the other folders build on; it imports none of them. Here are all defaults and bounds. Start in
 * keys/ with `key.ts`, in time/ with `clock.ts`, in values/ with `builtin.ts`, in errors/ with `errors.ts`, in
 * async/ with `shared-context.ts`, and for the checks of options with `options.ts`.
 */

/**
 * Every default of the package, in one place; the documentation and the tests read them from here.
 * Durations are in the form in which users write them.
 */
export const DEFAULTS = {
  /** Lifetime of an entry without its own ttl. */
  ttl: 300,
  maxMemoryItems: 1000,
  /** Which entry is evicted from a full memory tier. */
  eviction: 'lru',
  namespace: 'aurora',
  name: 'default',
  /** Maximum random share by which a ttl is shortened, 0 to 1. */
  jitter: 0,
  /** Total time that a call may wait for the shared tier. */
  storeTimeout: 0.5,
  /** Consecutive failures after which the shared tier is no longer called. */
  breakerFailures: 5,
  /** Delay of the first probe. */
  breakerProbeAfter: '1s',
  /** Maximum delay between two probes. Each failed probe doubles the delay, up to this. */
  breakerMaxProbeDelay: '10s',
  /** Maximum time that a load keeps other callers waiting before one of them starts another load. */
  lease: '5s',
  /** Maximum size of an encoded value in the shared tier, in UTF-8 bytes. */
  maxValueBytes: 4_194_304,
  /** Minimum bytes of a value for compression: smaller values save less than compression costs. */
  compressionThreshold: 2048,
  /** Calls of timed methods that take longer are recorded in the slow log. */
  slowThreshold: 1,
  /** Calls kept in the slow log; the oldest is dropped. */
  slowLogSize: 100,
  /** Concurrent loads while warming. */
  warmConcurrency: 10,
  /** Errors that a warm report lists; the rest are only counted. */
  warmErrors: 100,
} as const;

/** Defaults of `aurora-cache/http`. */
export const HTTP_DEFAULTS = {
  basePath: '/api/performance',
  /** Path of the Prometheus metrics, if they are enabled. */
  prometheusPath: '/metrics',
  /** Requests that take longer are recorded in the list of slow requests. */
  slowRequestThreshold: 1,
  /** Slow requests to keep; the oldest is dropped. */
  slowRequestLogSize: 100,
  /** How often an instance publishes its statistics. */
  fleetInterval: '5s',
} as const;

/** Defaults of `aurora-cache/prometheus`. */
export const PROMETHEUS_DEFAULTS = {
  /** Prefix of the names of all metrics. */
  prefix: '',
  /** Upper bounds of the buckets of durations, in seconds. */
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
} as const;

/**
 * How commands are sent to a shared tier.
 *
 * @internal
 */
export const DISPATCH = {
  /** Maximum keys in flight, and the minimum for a slow store. */
  maxInFlight: 1024,
  minInFlight: 32,
  /** Share of them that bulk calls may take. */
  bulkShare: 0.5,
  /** Keys of one command of a bulk call. */
  chunk: 128,
  /** Concurrent commands of one bulk call. */
  chunksInFlight: 4,
  /** Approximate characters per command of a bulk call. */
  chunkChars: 524_288,
  /** A command that takes a larger share of its time-out than this makes the store count as slow. */
  slowShare: 0.25,
  /** Maximum wait of a caller in time-outs, including the queue. */
  maxTimeouts: 4,
  /** Maximum number of waiting fills, and of lease renewals and releases: they have no other bound. */
  maxFinishing: 100_000,
} as const;

/**
 * Fixed bounds, so that no input can make a table grow indefinitely.
 *
 * @internal
 */
export const LIMITS = {
  /** UTF-8 bytes of a key that a user writes by hand. */
  keyBytes: 1024,
  /** UTF-8 bytes above which a key made from arguments ends in a digest. */
  readableKeyBytes: 200,
  /** UTF-8 bytes above which one argument's segment becomes a digest. */
  segmentBytes: 100,
  /** Characters of the encoded arguments of one call. */
  argumentChars: 1_048_576,
  argumentDepth: 100,
  patternChars: 1024,
  tagBytes: 256,
  tagsPerEntry: 128,
  /** Invalidated tags remembered one by one; beyond, older entries are treated as invalidated. */
  tagTable: 10_000,
  /** Lease terms for which a load keeps its lease; then its signal fires. */
  leaseTerms: 10,
  /** How long a load may ignore its signal before it no longer counts as running, in milliseconds. */
  ignoredSignalMs: 60_000,
  /** How long a call waits for a load before the cache checks whether that load waits for the call. */
  cycleCheckMs: 100,
  /** Loads that call each other on one stack; a further one begins in the next microtask. */
  nestedLoads: 100,
  /** Loads in progress that are tracked by name, calls that wait for one, and frames of each. */
  namedLoads: 10_000,
  loadOrigins: 1000,
  originFrames: 50,
  /** Maximum wait of `close()` for invalidations and writes in flight, in milliseconds. */
  closeMs: 10_000,
  /** Minimum time-out of a disabled or closed cache, which may have to connect first. */
  offStoreMs: 2000,
  /** Maximum of `maxValueBytes`. */
  valueBytes: 268_435_456,
  /** Nesting depth of a value that is encoded or copied. */
  valueDepth: 1000,
  /** Objects and other parts of a value that is copied, frozen or measured. */
  valueParts: 1_000_000,
  /** Keys remembered because their loads returned a value that can be read only once. */
  spentKeys: 1000,
  /** Key segments that one cache checks for use by a second method. */
  claims: 50_000,
  /** Methods and functions that share a key segment; calls of further ones are not cached. */
  claimants: 1000,
  /** Methods for which one cache keeps counters. */
  methods: 10_000,
  /** Maximum size of a `Map` on V8, less a margin. */
  memoryItems: 16_000_000,
} as const;

/** Bounds of `aurora-cache/http`, and of the requests that it counts. */
export const HTTP_LIMITS = {
  /** Routes with separate counters; requests of further routes are counted together. */
  routes: 200,
  /** Requests after which a route can replace one that has fewer. */
  routeRequests: 20,
  /** Characters of a route, and of a slow request's path, that are kept. */
  routeChars: 200,
  pathChars: 500,
  /** Instances whose statistics are added up. */
  fleetInstances: 200,
  /** Instances whose statistics one command reads, and how long reading all of them may take. */
  fleetChunk: 10,
  fleetReadMs: 2000,
  /** Refused requests that are logged within `auditMs`; the same number applies to changes. */
  auditLines: 10,
  auditMs: 60_000,
  /** Maximum length of an instance's snapshot, in characters; what does not fit is left out. */
  fleetChars: 1_048_576,
  /** Methods and routes in an instance's snapshot: those with the most calls. */
  fleetMethods: 200,
  fleetRoutes: 100,
  fleetSlowRequests: 20,
  /** Different methods, and different routes by HTTP method, in the sum of all instances. */
  fleetTotalMethods: 1000,
  fleetTotalRoutes: 1600,
} as const;

/** Bounds of `aurora-cache/prometheus`. */
export const PROMETHEUS_LIMITS = {
  /** Methods of a cache with their own label; the rest are `other`. */
  labelledMethods: 500,
  /** Upper bounds of a histogram's buckets. */
  buckets: 50,
} as const;

/** Bounds of the command line. */
export const CLI_LIMITS = {
  /** Bytes of a file of options that the command line reads. */
  configBytes: 1_048_576,
  /** How long `nginx -t` may take, which resolves the name of every upstream. */
  nginxCheckMs: 60_000,
} as const;
