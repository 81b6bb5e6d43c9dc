const OLDEST = [6, 2] as const;

/**
 * Why a server cannot be used, from its `INFO server`; `undefined` when it can, as far as is known.
 *
 * @internal
 */
export function unsupported(info: string): string | undefined {
  const [, version = '', major, minor] = /^redis_version:((\d+)\.(\d+)\S*)/m.exec(info) ?? [];
  if (version === '') return undefined;
  const isOld = Number(major) - OLDEST[0] || Number(minor) - OLDEST[1];
  if (isOld >= 0) return undefined;
  return `Redis: version ${version} is not supported: ${OLDEST.join('.')} or later is needed.`;
}
