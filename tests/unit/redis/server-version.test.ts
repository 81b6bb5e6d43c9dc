import { unsupported } from '../../../src/redis/server-version.js';

const info = (version: string): string =>
  `# Server\r\nredis_version:${version}\r\nredis_git_sha1:00000000\r\n`;

describe('The version of a server', () => {
  it.each(['6.2.0', '6.2.14', '6.10.1', '7.0.15', '7.2.4', '8.0.0', '10.0.0', '255.255.255'])(
    '%s will do',
    (version) => {
      expect(unsupported(info(version))).toBeUndefined();
    },
  );

  it.each(['2.8.24', '5.0.14', '6.0.16', '6.1.240'])('%s is too old', (version) => {
    expect(unsupported(info(version))).toBe(
      `Redis: version ${version} is not supported: 6.2 or later is needed.`,
    );
  });

  it.each(['', '# Server\r\n', 'redis_version:unknown\r\n', 'x_redis_version:5.0.0\r\n'])(
    'is not held against one that does not say: %j',
    (text) => {
      expect(unsupported(text)).toBeUndefined();
    },
  );
});
