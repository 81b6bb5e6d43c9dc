import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { isCacheError } from 'aurora-cache';
import {
  generateNginxConfig,
  type NginxOptions,
  type NginxStrategy,
  type NginxUpstream,
} from 'aurora-cache/nginx';

const upstream = { name: 'api', servers: ['10.0.0.1:5001'] };
const text = (options: NginxOptions): string => generateNginxConfig(options);
type Servers = NginxUpstream['servers'];

/** The lines of the block that begins so. */
function blockOf(config: string, head: string): string[] {
  const [, rest = `no '${head}'`] = config.split(`${head} {\n`);
  return (rest.split(/^ *\}$/m)[0] ?? '').trim().split(/\s*\n\s*/);
}

describe('generateNginxConfig', () => {
  it('has the layout of the guide without options', () => {
    const expected = readFileSync(join(__dirname, 'default.conf'), 'utf8');
    expect(generateNginxConfig()).toBe(expected);
    expect(generateNginxConfig({})).toBe(expected);
    const given: NginxOptions = { upstreams: undefined, tls: undefined, gzip: undefined };
    expect(generateNginxConfig(given)).toBe(expected);
  });

  it('gives the same bytes for the same options, and leaves them as they are', () => {
    const options: NginxOptions = {
      upstreams: [{ ...upstream, strategy: 'least_conn' }],
      headers: { 'X-Team': 'places' },
    };
    const before = structuredClone(options);
    expect(text(options)).toBe(text(structuredClone(options)));
    expect(options).toEqual(before);
  });

  it.each<[NginxStrategy, Partial<NginxUpstream>, string | undefined]>([
    ['round_robin', {}, undefined],
    ['least_conn', {}, 'least_conn;'],
    ['ip_hash', {}, 'ip_hash;'],
    ['hash', { hashKey: '$cookie_session' }, 'hash $cookie_session consistent;'],
    ['random', {}, 'random two least_conn;'],
  ])('writes %s', (strategy, rest, line) => {
    const lines = blockOf(
      text({ upstreams: [{ ...upstream, strategy, ...rest }] }),
      'upstream api',
    );
    expect(lines).toEqual([
      'zone api 256k;',
      ...(line === undefined ? [] : [line]),
      'server 10.0.0.1:5001 max_fails=3 fail_timeout=10s;',
      'keepalive 32;',
      'keepalive_timeout 4s;',
    ]);
  });

  it('writes all that there is to say of a server', () => {
    const servers: Servers = [
      { address: 'unix:/run/api.sock', weight: 5, maxFails: 0, failTimeout: '1500ms' },
      { address: '[2001:db8::1]:80', maxConnections: 100, down: true },
      { address: 'api.internal:8080', backup: true },
    ];
    const lines = blockOf(
      text({ upstreams: [{ name: 'api', servers, keepalive: 0 }] }),
      'upstream api',
    );
    expect(lines).toEqual([
      'zone api 256k;',
      'server unix:/run/api.sock weight=5 max_fails=0 fail_timeout=2s;',
      'server [2001:db8::1]:80 max_fails=3 fail_timeout=10s max_conns=100 down;',
      'server api.internal:8080 max_fails=3 fail_timeout=10s backup;',
    ]);
  });

  it('sends everything to the first upstream when only upstreams are given', () => {
    const config = text({ upstreams: [upstream, { ...upstream, name: 'other' }] });
    expect(blockOf(config, 'location /').at(-1)).toBe('proxy_pass http://api;');
    expect(blockOf(config, 'location = /api/performance/health')).toContain(
      'proxy_pass http://api;',
    );
    expect(config).not.toContain('proxy_pass http://other');
  });

  it('writes what goes into the http block of another configuration', () => {
    const config = text({ context: 'http' });
    expect(config).not.toMatch(/^\s*(?:events|http|worker_\w+|pid)\b/m);
    expect(config).toMatch(/^upstream aurora_backend \{$/m);
    // The defaults of Debian's nginx.conf are not said twice.
    expect(config).not.toMatch(/^(?:gzip|server_tokens|access_log|keepalive)/m);
  });

  it('writes what the version of nginx has', () => {
    const tls = { certificate: '/c.pem', certificateKey: '/k.pem' };
    const listening = (options: NginxOptions) =>
      text({ tls, ...options })
        .split('\n')
        .filter((line) => /listen 443|http2/.test(line))
        .map((line) => line.trim());
    for (const nginxVersion of [undefined, '1.18', '1.25', '1.25.0']) {
      expect(listening({ nginxVersion })).toEqual(['listen 443 ssl http2;']);
    }
    for (const nginxVersion of ['1.25.1', '1.26', '1.30.6', '2.0']) {
      expect(listening({ nginxVersion })).toEqual(['listen 443 ssl;', 'http2 on;']);
    }
    const plain = { tls: { ...tls, http2: false } };
    expect(listening({ ...plain, nginxVersion: '1.30' })).toEqual(['listen 443 ssl;']);
    const isRefused = (nginxVersion: string) =>
      text({ tls, nginxVersion, serverNames: ['a.example'] }).includes('ssl_reject_handshake on;');
    expect(['1.18', '1.19.3', '1.19.4', '1.20'].map(isRefused)).toEqual([false, false, true, true]);
  });

  it('has names looked up again where there is a name server', () => {
    const servers: Servers = [
      'app.internal:80',
      { address: 'app-2:80', backup: true },
      ...['10.0.0.1:80', '[::1]:80', 'unix:/run/a.sock', 'localhost:80'],
    ];
    const options: NginxOptions = {
      nginxVersion: '1.27.3',
      resolver: { addresses: ['127.0.0.11', '10.0.0.2:53', '::1', '[FD00::2]:53'], valid: '5s' },
      upstreams: [{ name: 'api', servers, keepalive: 0 }],
    };
    const limits = 'max_fails=3 fail_timeout=10s';
    expect(blockOf(text(options), 'upstream api')).toEqual([
      'zone api 256k;',
      'resolver 127.0.0.11 10.0.0.2:53 [::1] [fd00::2]:53 valid=5s;',
      `server app.internal:80 resolve ${limits};`,
      `server app-2:80 resolve ${limits} backup;`,
      `server 10.0.0.1:80 ${limits};`,
      `server [::1]:80 ${limits};`,
      `server unix:/run/a.sock ${limits};`,
      `server localhost:80 ${limits};`,
    ]);
  });

  it('can do without', () => {
    const config = text({
      performanceApi: false,
      gzip: false,
      accessLog: false,
      headers: { 'x-frame-options': '' },
    });
    expect(config).not.toMatch(/performance|gzip|log_format|metrics|frame/i);
    expect(config).toContain('access_log off;');
  });
});

describe('generateNginxConfig reports all errors at once', () => {
  const messageOf = (options: unknown): string => {
    try {
      generateNginxConfig(options as NginxOptions);
    } catch (error) {
      if (isCacheError(error)) return error.message;
      throw error;
    }
    return '';
  };

  it('one a line, unknown names and wrong values and what does not fit together', () => {
    const message = messageOf({
      prot: 8080,
      port: '80',
      upstreams: [
        {
          name: 'api',
          strategy: 'hash',
          servers: ['a:1', { address: 'b:1', weigth: 3, weight: 0 }],
        },
      ],
      routes: [
        { path: '/', upstream: 'apy' },
        { path: '/x', upstream: 'api', timeouts: { red: 1 } },
      ],
    });
    expect(message.split('\n')).toEqual([
      'generateNginxConfig: 7 errors:',
      "- there is no option 'prot'. Did you mean 'port'?",
      "- port must be a whole number from 1 to 65535; got '80'.",
      "- there is no option 'upstreams[0].servers[1].weigth'. Did you mean 'weight'?",
      '- upstreams[0].servers[1].weight must be a whole number from 1 to 1000; got 0.',
      "- there is no option 'routes[1].timeouts.red'. Did you mean 'read'?",
      "- upstreams[0].hashKey must be given with the strategy 'hash'.",
      "- routes[0].upstream must be one of the upstreams, api; got 'apy'.",
    ]);
  });

  it('all references', () => {
    const message = messageOf({
      tls: { certificate: '/c', certificateKey: '/k', port: 80 },
      upstreams: [upstream, { ...upstream, strategy: 'hash' }],
      performanceApi: { upstream: 'x' },
    });
    expect(message).toMatch(
      /^generateNginxConfig: 4 errors:\n- .*hashKey[^]*name[^]*upstream[^]*port/,
    );
  });

  it('without inventing any where the rest cannot be judged', () => {
    const message = messageOf({ upstreams: 'x', routes: [{ path: '/', upstream: 'api' }] });
    expect(message).toBe("generateNginxConfig: upstreams must be a list of 1 to 100; got 'x'.");
    expect(messageOf({ port: Symbol('x'), gzip: () => true })).toMatch(/2 errors:[^]*port[^]*gzip/);
  });

  it('with the line breaks of values spelt out', () => {
    const message = messageOf({ port: 'a\n- b', gzip: 'c\u001b[31m' });
    expect(message.split('\n')).toHaveLength(3);
    expect(message).toContain(String.raw`got 'a\n- b'.`);
    expect(message).not.toContain('\u001b');
  });

  it('fifty of them', () => {
    const bad = Array.from({ length: 99 }, () => 'a b');
    const lines = messageOf({ serverNames: bad }).split('\n');
    expect([lines[0], lines.length, lines.at(-1)]).toEqual([
      'generateNginxConfig: 99 errors:',
      52,
      '- and 49 more.',
    ]);
  });
});

describe('generateNginxConfig refuses', () => {
  const server = (rest: object) => ({
    upstreams: [{ name: 'a', servers: [{ address: 'x:1', ...rest }] }],
  });
  const servers = (...given: unknown[]) => ({ upstreams: [{ name: 'a', servers: given }] });
  const route = (rest: object) => ({
    routes: [{ path: '/', upstream: 'aurora_backend', ...rest }],
  });

  it.each<[options: unknown, message: RegExp]>([
    [[], /options must be an object; got an array/],
    ['x', /options must be an object; got 'x'/],
    [{ upstream: [] }, /no option 'upstream'\. Did you mean 'upstreams'\?/],
    [JSON.parse('{"__proto__":{}}'), /no option '__proto__'/],
    [{ constructor: 1 }, /no option 'constructor'/],
    [{ context: 'server' }, /context must be 'main' or 'http'; got 'server'/],
    [{ port: '80' }, /port must be a whole number from 1 to 65535; got '80'/],
    [{ port: 65_536 }, /port must be .* got 65536/],
    [{ upstreams: [] }, /upstreams must be a list of 1 to 100; got an array/],
    [{ upstreams: {} }, /upstreams must be a list of 1 to 100/],
    [{ upstreams: [{ servers: ['x:1'] }] }, /upstreams\[0\]\.name is required/],
    [{ upstreams: [{ name: 'a b', servers: ['x:1'] }] }, /upstreams\[0\]\.name must be a name/],
    [servers(), /upstreams\[0\]\.servers must be a list of 1 to 200/],
    [servers('x:1', 'x:1'), /upstreams\[0\]\.servers\[1\]\.address: duplicate value 'x:1'/],
    [servers(5001), /servers\[0\] must be an address, or an object; got 5001/],
    ...[
      'x',
      'x:0',
      'x:65536',
      ':1',
      'x:1 backup',
      'x:1;',
      'x:$port',
      '1.2.3:1',
      '1.2.3.256:1',
      '[::g]:1',
      '::1:1',
      '[fe80::1%eth0]:1',
      'unix:x',
      'unix:/a b',
      'unix:/x;',
      '-x:1',
      'x..y:1',
      'x:1\n',
      'ä:1',
      `${'x'.repeat(64)}:1`,
    ].map((address): [unknown, RegExp] => [
      servers(address),
      /servers\[0\]\.address must be an address, 'host:port'/,
    ]),
    [server({ weight: 0 }), /servers\[0\]\.weight must be a whole number from 1 to 1000; got 0/],
    [server({ weight: 1.5 }), /weight must be/],
    [server({ maxFails: NaN }), /maxFails must be/],
    [server({ failTimeout: '10' }), /failTimeout must be seconds, or a text such as/],
    [server({ failTimeout: -1 }), /failTimeout must be seconds/],
    [server({ backup: 'yes' }), /backup must be true or false; got 'yes'/],
    [
      server({ backup: true }),
      /upstreams\[0\]\.servers must contain one that is neither backup nor down/,
    ],
    [server({ down: true }), /must contain one that is neither backup nor down/],
    [{ upstreams: [upstream, upstream] }, /upstreams\[1\]\.name: duplicate value 'api'/],
    [
      { upstreams: [{ ...upstream, strategy: 'sticky' }] },
      /strategy must be 'round_robin', .*; got 'sticky'/,
    ],
    [
      { upstreams: [{ ...upstream, strategy: 'hash' }] },
      /hashKey must be given with the strategy 'hash'/,
    ],
    [
      { upstreams: [{ ...upstream, hashKey: '$uri' }] },
      /hashKey is for the strategy 'hash'; got the strategy 'round_robin'/,
    ],
    [
      { upstreams: [{ ...upstream, strategy: 'hash', hashKey: '$uri;' }] },
      /hashKey must be '\$request_uri', /,
    ],
    ...['ip_hash', 'hash', 'random'].map((strategy): [unknown, RegExp] => [
      {
        upstreams: [
          {
            name: 'a',
            strategy,
            ...(strategy === 'hash' ? { hashKey: '$uri' } : {}),
            servers: ['x:1', { address: 'y:1', backup: true }],
          },
        ],
      },
      /upstreams\[0\]\.servers\[1\]\.backup needs the strategy 'round_robin' or 'least_conn'; got/,
    ]),
    ...[
      'api/',
      '/a b',
      '/a;',
      '/a{',
      '/a}',
      '/$x',
      '/a#b',
      '/a"',
      "/a'",
      '/a\\b',
      '/a\n',
      '//',
      '/a//b',
      '/a/../b',
      '/.',
      '/ä',
      '/%2e',
      '',
    ].map((path): [unknown, RegExp] => [
      route({ path }),
      /routes\[0\]\.path must be a path that begins with/,
    ]),
    [
      route({ upstream: 'nowhere' }),
      /routes\[0\]\.upstream must be one of the upstreams, aurora_backend, .*; got 'nowhere'/,
    ],
    [
      { routes: [...route({}).routes, ...route({}).routes] },
      /routes\[1\]\.path: duplicate value '\/'/,
    ],
    [route({ path: '/metrics', exact: true }), /routes\[0\]\.path: duplicate value '= \/metrics'/],
    [route({ path: '/api/performance/' }), /routes\[0\]\.path: duplicate value/],
    [
      route({ networks: ['10.0.0.0/33'] }),
      /routes\[0\]\.networks\[0\] must be an IP address or a network/,
    ],
    [route({ networks: ['all'] }), /networks\[0\] must be an IP address/],
    [route({ networks: [] }), /networks must be a list of 1 to 500/],
    [route({ maxBodySize: '10 m' }), /maxBodySize must be a size/],
    [
      route({ timeouts: { red: 1 } }),
      /no option 'routes\[0\]\.timeouts\.red'\. Did you mean 'read'\?/,
    ],
    [{ performanceApi: true }, /performanceApi must be an object, or false; got true/],
    [
      { performanceApi: { prometheusPath: '/api/performance/health' } },
      /performanceApi\.prometheusPath: duplicate value/,
    ],
    [
      { performanceApi: { upstream: 'x' } },
      /performanceApi\.upstream must be one of the upstreams/,
    ],
    [
      { upstreams: [upstream, { ...upstream, name: 'API' }] },
      /upstreams\[1\]\.name: duplicate value 'api'/,
    ],
    [{ tls: { certificate: '/c.pem' } }, /tls\.certificateKey is required/],
    [
      { tls: { certificate: 'c.pem', certificateKey: '/k.pem' } },
      /tls\.certificate must be an absolute path/,
    ],
    [
      { tls: { certificate: '/c.pem', certificateKey: '/k.pem', port: 80 } },
      /tls\.port must differ from port; got 80/,
    ],
    [
      { tls: { certificate: '/c.pem', certificateKey: '/k.pem', hsts: true } },
      /tls\.hsts must be a duration, or false; got true/,
    ],
    [{ rateLimit: {} }, /rateLimit\.requestsPerSecond is required/],
    [{ headers: { 'X A': 'b' } }, /headers\['X A'\] must be a header name/],
    [
      { headers: { Connection: 'close' } },
      /headers\.Connection must be a header name .* that HTTP does not use itself/,
    ],
    ...['"', '\\', '$host', 'a\nb', '\u0000', 'ä', ' a', 'a '].map((value): [unknown, RegExp] => [
      { headers: { 'X-A': value } },
      /headers\['X-A'\] must be at most 1000 characters of ASCII/,
    ]),
    [
      {
        headers: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`X-${String(i)}`, 'a'])),
      },
      /headers must be at most 50/,
    ],
    [{ serverNames: ['a b'] }, /serverNames\[0\] must be a host name/],
    [{ serverNames: ['~^.*$'] }, /serverNames\[0\] must be a host name/],
    [{ serverNames: ['*.'] }, /serverNames\[0\]/],
    [{ trustedProxies: ['localhost'] }, /trustedProxies\[0\] must be an IP address/],
    [
      { trustedProxies: ['0.0.0.0/0'] },
      /trustedProxies\[0\] must be .*, but not all addresses; got/,
    ],
    [{ accessLog: true }, /accessLog must be an absolute path, or false; got true/],
    [{ accessLog: '/var/log/x y' }, /accessLog must be an absolute path/],
    [{ errorLog: 'syslog:server=x' }, /errorLog must be an absolute path/],
    [{ maxBodySize: '1t' }, /maxBodySize must be a size/],
    ...['1.17', '1', 'x', '1.18-rc', '1.18.0.1', ' 1.18', 1.25].map(
      (nginxVersion): [unknown, RegExp] => [
        { nginxVersion },
        /nginxVersion must be a version of nginx from '1\.18'/,
      ],
    ),
    ...['dns', '10.0.0.2:0', '10.0.0.256', '[::1', 'fe80::1%eth0', '', '10.0.0.2 valid=1s'].map(
      (address): [unknown, RegExp] => [
        { resolver: { addresses: [address] } },
        /resolver\.addresses\[0\] must be the IP address of a name server/,
      ],
    ),
    [
      { resolver: { addresses: ['10.0.0.2'] }, nginxVersion: '1.26.1' },
      /resolver needs nginxVersion '1\.27\.3' or later; got '1\.26\.1'/,
    ],
    ...['own.conf', '/a b', '/a;', '/a\n', '/$x', ''].map((file): [unknown, RegExp] => [
      { include: { server: [file] } },
      /include\.server\[0\] must be an absolute path of letters, .*'\*'/,
    ]),
    [{ include: ['/a'] }, /include must be an object; got an array/],
    [{ include: { main: ['/a'] } }, /no option 'include\.main'/],
    [{ acmeRoot: 'acme' }, /acmeRoot must be an absolute path/],
    [
      { acmeRoot: '/acme', ...route({ path: '/.well-known/acme-challenge/' }) },
      /routes\[0\]\.path: duplicate value/,
    ],
    [{ shutdownTimeout: 0 }, /shutdownTimeout must be seconds/],
    [{ gzip: 'on' }, /gzip must be true or false/],
  ])('%j', (options, message) => {
    let error: unknown;
    try {
      generateNginxConfig(options as NginxOptions);
    } catch (thrown) {
      error = thrown;
    }
    expect(isCacheError(error) && error.code).toBe('ERR_CONFIGURATION');
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toMatch(/^generateNginxConfig: /);
  });
});
