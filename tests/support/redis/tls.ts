import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis, type RedisOptions } from 'ioredis';

import { freePort, RedisServer } from './server.js';

/** The ACL of a user with exactly the rights that the cache needs for one namespace. */
const aclOf = (namespace: string): string[] => [
  ...[`~${namespace}:*`, `~{${namespace}:*`, `~${namespace}#*`],
  ...['resetchannels', `&${namespace}#*`, '&__redis__:invalidate'],
  ...['+@all', '-@dangerous', '+info'],
];

/** A server that speaks TLS only, with a user who is limited to the namespace `aurora`. */
export class SecureServer {
  readonly user = 'aurora-user';
  readonly password = 'pass:word/with@signs';

  private constructor(
    private readonly server: RedisServer,
    /** May do everything. */
    readonly admin: Redis,
    /** Certificate of the authority that signed the server's. */
    readonly ca: string,
  ) {}

  static async start(): Promise<SecureServer> {
    const folder = mkdtempSync(join(tmpdir(), 'aurora-tls-'));
    try {
      const files = certificates(folder);
      const ca = readFileSync(files.ca, 'utf8');
      const port = await freePort();
      const server = await RedisServer.start(
        [
          ...['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no'],
          ...['--tls-ca-cert-file', files.ca],
          ...['--tls-cert-file', files.certificate, '--tls-key-file', files.key],
        ],
        { port, client: { tls: { ca } } },
      );
      const admin = new Redis({ host: '127.0.0.1', port, tls: { ca } });
      const secure = new SecureServer(server, admin, ca);
      await admin.acl('SETUSER', secure.user, 'on', `>${secure.password}`, ...aclOf('aurora'));
      return secure;
    } finally {
      // The server has read them.
      rmSync(folder, { recursive: true, force: true });
    }
  }

  get port(): number {
    return this.server.port;
  }

  /** With the user's name and password; the authority is not in it. */
  get url(): string {
    const password = encodeURIComponent(this.password);
    return `rediss://${this.user}:${password}@127.0.0.1:${String(this.port)}`;
  }

  get options(): RedisOptions {
    const { port, user: username, password, ca } = this;
    return { host: '127.0.0.1', port, username, password, tls: { ca } };
  }

  async stop(): Promise<void> {
    this.admin.disconnect();
    await this.server.stop();
  }
}

/** A new authority, and a certificate for 127.0.0.1 and localhost that it signed. */
function certificates(folder: string): { ca: string; certificate: string; key: string } {
  const at = (name: string): string => join(folder, name);
  const openssl = (...words: string[]): void => {
    execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const [ca, caKey, certificate, key] = [
    at('ca.crt'),
    at('ca.key'),
    at('redis.crt'),
    at('redis.key'),
  ];
  const [request, names] = [at('redis.csr'), at('names')];
  writeFileSync(names, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  const authority = ['-subj', '/CN=Tests of aurora-cache', '-keyout', caKey, '-out', ca];
  openssl('req', '-x509', '-days', '2', ...newKey, ...authority);
  openssl('req', ...newKey, '-subj', '/CN=localhost', '-keyout', key, '-out', request);
  const signed = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', '2', '-extfile', names];
  openssl('x509', '-req', '-in', request, '-out', certificate, ...signed);
  return { ca, certificate, key };
}
