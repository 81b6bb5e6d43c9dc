import type { Settings } from './schema.js';

/** The nginx version that introduced a directive, or a form of it. */
const SINCE = {
  /** `ssl_reject_handshake` */
  rejectHandshake: [1, 19, 4],
  /** `http2 on;` in place of `listen … http2`, which is deprecated since then. */
  http2Directive: [1, 25, 1],
  /** `resolve` of an upstream's server, and `resolver` in the upstream, in the free version. */
  resolve: [1, 27, 3],
} as const;

/** Whether the target version of nginx has this feature. */
export function supports({ nginxVersion }: Settings, feature: keyof typeof SINCE): boolean {
  return isAtLeast(nginxVersion, SINCE[feature]);
}

/** Compares versions part by part. */
function isAtLeast(version: readonly number[], least: readonly number[]): boolean {
  const different = least.findIndex((part, i) => part !== (version[i] ?? 0));
  return different < 0 || (version[different] ?? 0) > (least[different] ?? 0);
}
