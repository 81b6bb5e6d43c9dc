import { readOptions, USAGE, UsageError } from '../../../examples/places/options.js';

const read = (line: string, env: Record<string, string> = {}) =>
  readOptions(line === '' ? [] : line.split(' '), env);

const served = (line: string, env: Record<string, string> = {}) => {
  const task = read(`--serve ${line}`.trim(), env);
  if (task.kind !== 'serve') throw new Error(`It would ${task.kind}.`);
  return task.options;
};

describe('the command line of the example', () => {
  it('shows the tour by default', () => {
    expect(read('')).toEqual({ kind: 'tour' });
    expect(read('-h')).toEqual({ kind: 'help' });
    expect(read('--serve --help')).toEqual({ kind: 'help' });
  });

  it('has the defaults of the guide, and a random token', () => {
    const { token, instance, ...rest } = served('');
    expect(rest).toEqual({
      ...{ host: '127.0.0.1', port: 5001, traffic: 0, isTokenRandom: true },
      ...{ redisUrl: undefined, isCached: true },
    });
    expect(token).toMatch(/^[0-9a-f]{24}$/);
    expect(served('').token).not.toBe(token);
    expect(instance).toContain(String(process.pid));
  });

  it('takes what is given, from the command line first', () => {
    const env = {
      ...{ PORT: '6000', AURORA_TOKEN: 'secret', INSTANCE: 'two' },
      REDIS_URL: 'redis://localhost',
    };
    expect(served('', env)).toEqual({
      ...{ host: '127.0.0.1', port: 6000, traffic: 0, token: 'secret', isTokenRandom: false },
      ...{ instance: 'two', redisUrl: 'redis://localhost', isCached: true },
    });
    const line = '--port 0 --host ::1 --traffic 1000 --token other --no-cache';
    expect(served(line, env)).toMatchObject({
      ...{ host: '::1', port: 0, traffic: 1000, token: 'other', isCached: false },
    });
    expect(served('', { PORT: '', AURORA_TOKEN: '', REDIS_URL: '' })).toMatchObject({
      ...{ port: 5001, isTokenRandom: true, redisUrl: undefined },
    });
  });

  it.each([
    ['--port 65536', {}, "--port must be an integer from 0 to 65535; got '65536'."],
    ['--port=-1', {}, "--port must be an integer from 0 to 65535; got '-1'."],
    ['--port=', {}, "--port must be an integer from 0 to 65535; got ''."],
    ['', { PORT: 'http' }, "PORT must be an integer from 0 to 65535; got 'http'."],
    ['--traffic 0', {}, "--traffic must be an integer from 1 to 1000; got '0'."],
    ['--traffic 1.5', {}, "--traffic must be an integer from 1 to 1000; got '1.5'."],
    ['--host=a/b', {}, "--host must be a name or an IP address; got 'a/b'."],
    ['', { INSTANCE: 'a b' }, 'INSTANCE must be 1 to 100 letters'],
    ['--token=', {}, '--token must be 1 to 200 characters of ASCII without spaces.'],
    ['', { AURORA_TOKEN: 'a b' }, 'AURORA_TOKEN must be 1 to 200 characters of ASCII'],
  ])('refuses %s %j', (line, env, message) => {
    expect(() => served(line, env as Record<string, string>)).toThrow(UsageError);
    expect(() => served(line, env as Record<string, string>)).toThrow(message);
  });

  it('does not repeat a token that it refuses', () => {
    expect(() => served('', { AURORA_TOKEN: 'open sesame' })).toThrow(/^((?!sesame).)*$/);
  });

  it.each(['--port 1', '--traffic 5', '--no-cache'])('%s is refused without --serve', (line) => {
    expect(() => read(line)).toThrow(`${line.split(' ')[0]} needs --serve.`);
  });

  it('lists every option', () => {
    for (const name of ['serve', 'port', 'host', 'traffic', 'token', 'no-cache', 'help']) {
      expect(USAGE).toContain(`--${name} `);
    }
    expect(Math.max(...USAGE.split('\n').map(({ length }) => length))).toBeLessThan(80);
  });
});
