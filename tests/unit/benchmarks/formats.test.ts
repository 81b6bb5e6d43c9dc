import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { readTrace, readTraces } from '../../../benchmarks/eviction/files.js';
import { FORMATS, formatOf, type FormatName } from '../../../benchmarks/eviction/formats.js';

const ints32 = (...numbers: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, i) => bytes.writeInt32LE(number, 4 * i));
  return bytes;
};

const ints64 = (...numbers: bigint[]): Buffer => {
  const bytes = Buffer.alloc(8 * numbers.length);
  numbers.forEach((number, i) => bytes.writeBigUInt64BE(number, 8 * i));
  return bytes;
};

const lines = (...text: string[]): Buffer => Buffer.from(`${text.join('\n')}\n`);

/** A file of each format, and the numbers of the keys that it requests. */
const FILES: readonly [FormatName, Buffer, number[]][] = [
  ['lirs', lines('12', '7', '*', '12', '', '9'), [0, 1, 0, 2]],
  ['arc', lines('100 3 0 0', '102 2 0 1'), [0, 1, 2, 2, 3]],
  [
    'twitter',
    lines(
      '0,zXq:1,5,100,1,get,0',
      '0,zXq:2,5,90,1,set,86400',
      '1,with,commas,11,90,2,gets,0',
      '2,zXq:1,5,100,3,get,0',
      '2,zXq:1,5,100,3,delete,0',
    ),
    [0, 1, 0],
  ],
  [
    'wikipedia',
    lines(
      '929840853 1190146243.326 http://en.wikipedia.org/wiki/LIRS -',
      '929840917 1190146243.341 http://en.wikipedia.org/wiki/ARC save',
      '929840945 1190146243.342 http://en.wikipedia.org/wiki/Cache -',
      '929840999 1190146243.350 http://en.wikipedia.org/wiki/LIRS -',
    ),
    [0, 1, 0],
  ],
  [
    'access-log',
    lines(
      'example.org - - [01/Jul/1995:00:00:01 -0400] "GET /a.html HTTP/1.0" 200 6245',
      '10.0.0.1 - jo smith [01/Jul/2025:00:00:06 +0000] "GET /b?x=1 HTTP/1.1" 200 3985 "-" "curl/8"',
      '10.0.0.1 - - [01/Jul/2025:00:00:07 +0000] "POST /a.html HTTP/1.1" 200 3985 "-" "curl/8"',
      '10.0.0.1 - - [01/Jul/2025:00:00:08 +0000] "GET /none HTTP/1.1" 404 - "-" "curl/8"',
      '10.0.0.1 - - [01/Jul/2025:00:00:09 +0000] "GET /a.html HTTP/1.1" 304 - "-" "curl/8"',
    ),
    [0, 1, 0],
  ],
  ['keys', lines('user:1', 'user:2', 'user:1', 'ä'), [0, 1, 0, 2]],
  ['int32', ints32(240, 131_208, 240, 7, 131_208, 7), [0, 1, 0, 2, 1, 2]],
  ['int64', ints64(0x7986_94a0_9014_fb50n, 12n, 0x7986_94a0_9014_fb51n, 12n), [0, 1, 2, 1]],
];

/** The keys that a parser emits for a file that arrives in pieces of `size` bytes. */
function parsed(format: FormatName, bytes: Buffer, piece: number): (string | number)[] {
  const keys: (string | number)[] = [];
  const parser = FORMATS[format].parser((key) => keys.push(key));
  for (let at = 0; at < bytes.length; at += piece) parser.write(bytes.subarray(at, at + piece));
  parser.end();
  expect(parser.malformed).toBe(0);
  return keys;
}

const numbered = (keys: readonly (string | number)[]): number[] => {
  const distinct = [...new Set(keys)];
  return keys.map((key) => distinct.indexOf(key));
};

describe.each(FILES)('a file of the format %s', (format, bytes, requests) => {
  it('is recognised', () => {
    expect(formatOf(bytes)).toBe(format);
  });

  it('has the same requests in pieces of any length', () => {
    for (const piece of [1, 3, 7, bytes.length]) {
      expect(numbered(parsed(format, bytes, piece))).toEqual(requests);
    }
  });

  it('may end its lines as Windows does, and lack the last one', () => {
    if (format.startsWith('int')) return;
    const text = bytes.toString('latin1').replaceAll('\n', '\r\n').trimEnd();
    const windows = Buffer.from(text, 'latin1');
    expect(formatOf(windows)).toBe(format);
    expect(numbered(parsed(format, windows, 5))).toEqual(requests);
  });
});

describe('binary formats', () => {
  it('tell small integers of eight bytes from those of four', () => {
    const numbers = Array.from({ length: 200 }, (_, i) => (i * 7) % 61);
    expect(formatOf(ints64(...numbers.map(BigInt)))).toBe('int64');
    expect(formatOf(ints32(...numbers))).toBe('int32');
  });
});

describe('files of traces', () => {
  let folder: string;
  const write = (name: string, bytes: Buffer): string => {
    const file = join(folder, name);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, bytes);
    return file;
  };
  const limit = 1000;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'traces-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('are read from a folder and those in it, compressed or not', async () => {
    const text = lines('5', '6', '5');
    write('plain.trace', text);
    write('inner/zipped.trace.gz', gzipSync(text));
    execFileSync('xz', [write('inner/other.trace', text)]);
    execFileSync('zstd', ['-q', '--rm', write('last.csv', text)]);
    write('.hidden', text);
    const { traces, skipped } = await readTraces(folder, { limit });
    expect(skipped).toEqual([]);
    expect(traces.map(({ name }) => name)).toEqual(['other', 'zipped', 'last', 'plain']);
    for (const { origin, requests, keys } of traces) {
      expect({ origin, requests: [...requests], keys }).toEqual({
        origin: 'lirs',
        requests: [0, 1, 0],
        keys: 2,
      });
    }
  });

  it('are skipped with the reason when they cannot be read', async () => {
    write('empty', Buffer.alloc(0));
    write('broken.gz', Buffer.from('no gzip'));
    write('broken.xz', Buffer.from('no xz'));
    write('good', lines('1', '2'));
    const { traces, skipped } = await readTraces(folder, { limit });
    expect(traces.map(({ name }) => name)).toEqual(['good']);
    expect(skipped).toEqual([
      expect.stringMatching(/^broken\.gz: .*header/),
      expect.stringMatching(/^broken\.xz: .*format/),
      'empty: the file is empty.',
    ]);
  });

  it('are read up to the limit', async () => {
    const many = lines(Array.from({ length: 300_000 }, (_, i) => String(i)).join('\n'));
    const plain = write('many', many);
    execFileSync('xz', ['-k', '-0', plain]);
    for (const file of [plain, `${plain}.xz`]) {
      const { requests, keys } = await readTrace(file, { limit: 10 });
      expect([requests.length, keys]).toEqual([10, 10]);
    }
    expect((await readTrace(plain, { limit: 1e6 })).requests).toHaveLength(300_000);
  });

  it('are read in the format that is named', async () => {
    const file = write('numbers', lines('1', '2', '1'));
    expect(await readTrace(file, { limit, format: 'keys' })).toMatchObject({ origin: 'keys' });
    await expect(readTrace(file, { limit, format: 'arc' })).rejects.toThrow(
      'it does not have the format arc: 3 lines or records are malformed, 0 requests were read.',
    );
  });

  it('may have a few lines that are broken, which are counted', async () => {
    const good = Array.from({ length: 200 }, (_, i) => String(i % 9));
    const file = write('log', lines(...good, 'x'));
    expect(await readTrace(file, { limit })).toMatchObject({ origin: 'lirs, 1 lines skipped' });
    write('log', lines(...good, ...Array.from({ length: 20 }, () => 'x')));
    await expect(readTrace(file, { limit })).rejects.toThrow('20 lines or records are malformed');
  });
});
