import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { aurora, ensureBuilt } from '../support/command-line.js';
import { installedVersion } from '../support/nginx.js';

const root = join(__dirname, '../..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
};

let folder: string;
const at = (...path: string[]): string => join(folder, ...path);
const file = (name: string, text: string | Buffer): string => {
  writeFileSync(at(name), text);
  return at(name);
};
const read = (name: string): string => readFileSync(at(name), 'utf8');

// In a fresh clone it builds the package.
beforeAll(ensureBuilt, 600_000);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aurora-cache-cli-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const silent = { code: 0, stdout: '', stderr: '' };

describe('aurora-cache', () => {
  it('prints its version', async () => {
    expect(await aurora(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([[['--help']], [['help']], [['nginx', '--help']], [['help', 'nginx']]])(
    '%j: helps on stdout, and names the exit codes',
    async (args) => {
      const { code, stdout, stderr } = await aurora(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^Usage: aurora-cache /);
      expect(stdout).toMatch(/^Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 /m);
    },
  );

  it('prints help on stderr without a command', async () => {
    const { code, stdout, stderr } = await aurora([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: aurora-cache /);
  });

  it.each([
    [['ngnix'], "unknown command 'ngnix'. Did you mean nginx?"],
    [['nginx', '--chek'], "unknown option '--chek'. Did you mean --check?"],
    [['nginx', '--confg=s3cret'], "unknown option '--confg'. Did you mean --config?"],
    [['nginx', '--password=s3cret'], "unknown option '--password'"],
    [['nginx', '-ps3cret'], "unknown option '-p'"],
    [['nginx', 's3cret'], "too many arguments for 'nginx'. Expected 0 arguments but got 1."],
    [['ng\nnix\u001B[2J'], "unknown command 'ng\\nnix\\x1b[2J'"],
    [['nginx', '--a\rb'], "unknown option '--a\\rb'"],
    [['nginx', '--config'], "option '-c, --config <file>' argument missing"],
    [['nginx', '--config='], '--config: the file name is empty.'],
    [['nginx', '--out', ''], '--out: the path is empty.'],
  ])('%j: refuses on one line, with 2', async (args, message) => {
    const stderr = `aurora-cache: ${message}\n`;
    expect(await aurora(args)).toEqual({ code: 2, stdout: '', stderr });
  });
});

describe('aurora-cache nginx', () => {
  const nginx = async (args: string[], ...rest: [Parameters<typeof aurora>[1]?]) =>
    await aurora(['nginx', ...args], ...rest);

  const isConfig = (text: string): void => {
    expect(text).toContain('upstream aurora_backend');
    expect(text).toMatch(/\}\n$/);
  };

  it('writes what nginx accepts, with all defaults', async () => {
    const { code, stdout, stderr } = await nginx([]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    isConfig(stdout);
  });

  it.each<[string, string | Buffer]>([
    ['as it is', '{}'],
    ['with a byte order mark', '\uFEFF{ }'],
    ['with lines of Windows', '{\r\n}\r\n'],
  ])('reads a file, and stdin, %s', async (_, text) => {
    const { stdout } = await nginx([]);
    const answer = { code: 0, stdout, stderr: '' };
    expect(await nginx(['--config', file('options.json', text)])).toEqual(answer);
    expect(await nginx(['--config', '-'], { stdin: text })).toEqual(answer);
  });

  it.each<[string, string | Buffer, RegExp]>([
    ['an unknown option', '{ "unknownUnknown": "s3cret" }', /there is no option 'unknownUnknown'/],
    ['an array', '["s3cret"]', /must contain a JSON object such as \{\}; got an array\.$/],
    ['null', 'null', /must contain a JSON object .* got null\.$/],
    ['a text', '"s3cret"', /must contain a JSON object .* got a string\.$/],
    ['nothing', ' \n', /is empty; expected a JSON object/],
    ['a bare word', '{\n  "a": s3cret\n}', /:2:8: is not JSON: invalid symbol\.$/],
    ['a comma too many', '{\r\n "a": 1,\r\n}', /:3:1: is not JSON: property name expected\.$/],
    ['a comment', '{} // s3cret', /:1:4: is not JSON: invalid comment token\.$/],
    ['an open end', '{"a": "s3cret', /:1:7: is not JSON: unexpected end of string\.$/],
    ['UTF-16', Buffer.from('\uFEFF{}', 'utf16le'), /is not UTF-8 text\.$/],
    ['too much', ' '.repeat(1_048_577), /is larger than 1048576 bytes\.$/],
  ])('refuses %s, with 2, and reveals no secret', async (_, text, message) => {
    const path = file('options.json', text);
    const args = ['--out', at('nginx.conf'), '--config'];
    const [named, piped] = await Promise.all([
      nginx([...args, path]),
      nginx([...args, '-'], { stdin: text }),
    ]);
    for (const [name, { code, stdout, stderr }] of [
      [path, named],
      ['standard input', piped],
    ] as const) {
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      const [line = '', ...rest] = stderr.split('\n');
      expect(rest).toEqual(['']);
      expect(line.startsWith(`aurora-cache: ${name}:`)).toBe(true);
      expect(line).toMatch(message);
      expect(line).not.toContain('s3cret');
    }
    expect(readdirSync(folder)).toEqual(['options.json']);
  });

  it('reports all errors at once, with 2', async () => {
    const options = { prot: 80, gzip: 'on', upstreams: [{ name: 'a', servers: ['x'] }] };
    const config = file('options.json', JSON.stringify(options));
    const { code, stdout, stderr } = await nginx(['--config', config]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([
      `aurora-cache: ${config}: generateNginxConfig: 3 errors:`,
      "- there is no option 'prot'. Did you mean 'port'?",
      expect.stringMatching(/^- upstreams\[0\]\.servers\[0\]\.address must be an address, /),
      "- gzip must be true or false; got 'on'.",
    ]);
  });

  it('reads a file of the largest size', async () => {
    const text = `{}${' '.repeat(1_048_574)}`;
    expect((await nginx(['--config', file('options.json', text)])).code).toBe(0);
  });

  it.each([
    ['missing', 'missing.json', 'no such file or directory'],
    ['a folder', '.', 'it is a directory'],
    ['below a file', 'file/options.json', 'not a directory'],
  ])('says so when the file is %s, with 1', async (_, name, why) => {
    file('file', '');
    const stderr = `aurora-cache: cannot read ${at(name)}: ${why}.\n`;
    expect(await nginx(['--config', at(name)])).toEqual({ code: 1, stdout: '', stderr });
  });

  it('takes a stdin that is closed for an empty one', async () => {
    const { code, stderr } = await nginx(['--config', '-'], { before: 'exec <&-' });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^aurora-cache: standard input: is empty/);
  });

  it.each([[['nginx']], [['--help']]])(
    '%j: succeeds if the reader has closed the pipe',
    async (args) => {
      expect(await aurora(args, { deaf: true })).toEqual({ code: 0, stdout: '', stderr: '' });
    },
  );

  describe('--out', () => {
    it('writes a new file as the umask wants it, and nothing else', async () => {
      expect(await nginx(['--out', at('new.conf')], { before: 'umask 027' })).toEqual(silent);
      isConfig(read('new.conf'));
      expect(statSync(at('new.conf')).mode & 0o777).toBe(0o640);
      expect(readdirSync(folder)).toEqual(['new.conf']);
    });

    it('puts another file in its place, and keeps the mode', async () => {
      chmodSync(file('old.conf', 'old'), 0o604);
      const { ino } = statSync(at('old.conf'));
      expect(await nginx(['--out', at('old.conf')])).toEqual(silent);
      isConfig(read('old.conf'));
      const { ino: now, mode } = statSync(at('old.conf'));
      expect(mode & 0o7777).toBe(0o604);
      expect(now).not.toBe(ino);
      expect(readdirSync(folder)).toEqual(['old.conf']);
    });

    it.each(['there', 'missing'])('follows links to a file that is %s', async (state) => {
      mkdirSync(at('sites'));
      if (state === 'there') file('sites/real.conf', 'old');
      symlinkSync('sites/real.conf', at('first'));
      symlinkSync(at('first'), at('second'));
      expect(await nginx(['--out', at('second')])).toEqual(silent);
      isConfig(read('sites/real.conf'));
      expect(lstatSync(at('second')).isSymbolicLink()).toBe(true);
      expect(lstatSync(at('first')).isSymbolicLink()).toBe(true);
      expect(readdirSync(at('sites'))).toEqual(['real.conf']);
    });

    it('leaves the old file when the disk takes no more', async () => {
      file('old.conf', 'old');
      // A size limit of the process: the file can be made, and writing fails.
      const outcome = await nginx(['--out', at('old.conf')], { before: 'ulimit -f 0' });
      const stderr = `aurora-cache: cannot write ${at('old.conf')}: file too large.\n`;
      expect(outcome).toEqual({ code: 1, stdout: '', stderr });
      expect(read('old.conf')).toBe('old');
      expect(readdirSync(folder)).toEqual(['old.conf']);
    });

    it.each([
      ['a folder', '.', 'it is a directory'],
      ['in no folder', 'none/nginx.conf', 'no such file or directory'],
      ['a link to itself', 'loop', 'too many symbolic links encountered'],
    ])('says so when the path is %s, with 1', async (_, name, why) => {
      symlinkSync('loop', at('loop'));
      const stderr = `aurora-cache: cannot write ${at(name)}: ${why}.\n`;
      expect(await nginx(['--out', at(name)])).toEqual({ code: 1, stdout: '', stderr });
      expect(readdirSync(folder)).toEqual(['loop']);
    });

    it('writes into what is no file, and leaves it there', async () => {
      expect(spawnSync('mkfifo', [at('pipe')]).status).toBe(0);
      const before = `cat ${at('pipe')} > ${at('copy')} & exec 3> ${at('pipe')}`;
      expect(await nginx(['--out', at('pipe')], { before })).toEqual(silent);
      expect(statSync(at('pipe')).isFIFO()).toBe(true);
      isConfig(read('copy'));
    });

    it('is stdout for -', async () => {
      isConfig((await nginx(['--out', '-'])).stdout);
    });

    it('does not overwrite the options', async () => {
      symlinkSync(file('options.json', '{}'), at('link'));
      const { code, stderr } = await nginx(['--config', at('options.json'), '--out', at('link')]);
      expect(code).toBe(2);
      expect(stderr).toBe('aurora-cache: --out would overwrite the --config file.\n');
      expect(read('options.json')).toBe('{}');
    });
  });

  describe('--check', () => {
    const beside = (path: string): Record<string, string> => ({
      PATH: `${path}${delimiter}${process.env['PATH'] ?? ''}`,
      TMPDIR: at('tmp'),
    });

    beforeEach(() => {
      mkdirSync(at('tmp'));
    });

    it('writes what nginx accepts, and leaves nothing behind', async () => {
      const args = ['--check', '--out', at('nginx.conf')];
      const { code, stderr } = await nginx(args, { env: beside(at('none')) });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      isConfig(read('nginx.conf'));
      expect(readdirSync(at('tmp'))).toEqual([]);
    });

    it('writes for the version that it finds, unless the options name one', async () => {
      const version = await installedVersion();
      const log = { errorLog: at('error.log'), accessLog: false };
      const written = async (options: object, ...flags: string[]): Promise<string> => {
        const config = file('options.json', JSON.stringify({ ...log, ...options }));
        return (await nginx(['--config', config, ...flags])).stdout;
      };
      expect(await written({}, '--check')).toContain(`# For nginx ${version} and later.`);
      expect(await written({})).toContain('# For nginx 1.18 and later.');
      expect(await written({ nginxVersion: '1.20' }, '--check')).toContain('# For nginx 1.20 and');
    });

    it("shows nginx's own words, with 1, and writes nothing", async () => {
      file('nginx.conf', 'old');
      const tls = { certificate: at('none.pem'), certificateKey: at('none.pem') };
      const config = file('options.json', JSON.stringify({ tls }));
      for (const out of [[], ['--out', at('nginx.conf')]]) {
        const args = ['--config', config, '--check', ...out];
        const { code, stdout, stderr } = await nginx(args, { env: { TMPDIR: at('tmp') } });
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
        const [first, second, ...rest] = stderr.split('\n');
        expect(first).toBe('aurora-cache: nginx rejects the configuration:');
        expect(second).toMatch(/^nginx: \[emerg\] cannot load certificate ".*none\.pem": /);
        expect(rest).toEqual(['nginx: configuration file nginx.conf test failed', '']);
      }
      expect(read('nginx.conf')).toBe('old');
      expect(readdirSync(at('tmp'))).toEqual([]);
    });

    it('takes what goes into the http block of another configuration', async () => {
      const config = file('options.json', '{"context":"http"}');
      const outcome = await nginx(['--config', config, '--check', '--out', at('part.conf')]);
      expect(outcome).toEqual(silent);
      expect(read('part.conf')).toMatch(/^upstream aurora_backend \{$/m);
    });

    it('says so when there is no nginx, with 1', async () => {
      const outcome = await nginx(['--check'], { env: { PATH: at('tmp') } });
      const stderr =
        'aurora-cache: --check needs nginx, which is not on the PATH (it is often in /usr/sbin).\n';
      expect(outcome).toEqual({ code: 1, stdout: '', stderr });
    });

    it('shows no stack of what it did not expect, unless AURORA_DEBUG=1', async () => {
      const env = { TMPDIR: at('none') };
      const { code, stderr } = await nginx(['--check'], { env });
      expect(code).toBe(1);
      expect(stderr).toMatch(/^aurora-cache: unexpected: ENOENT: .*\n$/);
      const debugged = await nginx(['--check'], { env: { ...env, AURORA_DEBUG: '1' } });
      expect(debugged.stderr).toMatch(/\n {4}at .*cli\/main\.js/);
    });
  });
});
