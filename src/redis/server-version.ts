const OLDEST = [6, 2] as const;

/**
 * The reason why a server is not supported, from its `INFO server`; `undefined` if there is none.
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
