// The parts of the responses of `GET stats` and `GET health` that the page uses, under the server's
// names: durations in seconds, rates in percent.

export interface Stats {
  readonly instances: number;
  readonly instances_known?: number | null;
  readonly partial?: boolean;
  readonly cache: CacheAnswer;
  readonly requests: RequestsAnswer;
  readonly methods: readonly Method[];
}

interface CacheAnswer {
  readonly name: string;
  readonly type: string;
  readonly total_keys: number;
  readonly hits: number;
  readonly memory_hits: number;
  readonly misses: number;
  readonly hit_rate: number;
  readonly stale: number;
  readonly evictions: number;
}

interface RequestsAnswer {
  readonly total_requests: number;
  readonly errors: number;
  readonly p99: number;
  readonly slow_requests_count: number;
  readonly slow_request_threshold: number;
  readonly recent_slow_requests: readonly SlowRequest[];
  readonly duration_buckets: readonly Bucket[];
}

/** How many requests took about so long. */
export type Bucket = readonly [seconds: number, count: number];

interface SlowRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly duration: number;
  readonly timestamp: string;
}

export interface Method {
  readonly name: string;
  readonly calls: number;
  readonly hits: number;
  readonly misses: number;
  readonly hit_rate: number;
  readonly errors: number;
  readonly time_saved: number;
  /** Of a cached method. */
  readonly load_times: Times | null;
  /** Of a timed one. */
  readonly call_times: Times | null;
}

interface Times {
  readonly p99: number;
  readonly count: number;
}

export interface Health {
  readonly status: string;
  /** Missing for readers without access to the statistics. */
  readonly tiers?: {
    readonly memory: { readonly state: string; readonly keys: number; readonly serving: boolean };
    readonly shared: {
      readonly state: string;
      readonly type: string | null;
      readonly breaker: string;
      readonly listening: boolean;
      readonly pending_invalidations: number;
    };
  };
}
