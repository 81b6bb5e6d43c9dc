/** Reads traces from files. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { createGunzip } from 'node:zlib';

import { FORMATS, formatOf, type FormatName, type Parser } from './formats.js';
import { TraceBuilder, type Trace } from './trace.js';

export interface ReadOptions {
  /** The format of all files; by default it is recognised. */
  readonly format?: FormatName | undefined;
  /** Requests of a file that are read at most. */
  readonly limit: number;
}

/** The programs that decompress what Node cannot. */
const PROGRAMS: Readonly<Record<string, { program: string; package: string }>> = {
  '.xz': { program: 'xz', package: 'xz-utils' },
  '.zst': { program: 'zstd', package: 'zstd' },
};

/** Bytes by which a format is recognised. */
const START_BYTES = 65_536;
/** More lines than this share that do not have the format: it is another one. */
const MAX_MALFORMED = 0.01;

/**
 * The traces in a folder and the folders in it, or in one file.
 *
 * @returns A reason for each file that holds no trace, as well.
 */
export async function readTraces(
  path: string,
  options: ReadOptions,
): Promise<{ traces: Trace[]; skipped: string[] }> {
  const traces: Trace[] = [];
  const skipped: string[] = [];
  for (const file of await filesIn(path)) {
    try {
      traces.push(await readTrace(file, options));
    } catch (error) {
      skipped.push(`${basename(file)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { traces, skipped };
}

async function filesIn(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/**
 * The trace in a file, decompressed if its name ends in `.gz`, `.xz` or `.zst`.
 *
 * @throws when it cannot be read, or holds no requests in the format.
 */
export async function readTrace(file: string, { format, limit }: ReadOptions): Promise<Trace> {
  const builder = new TraceBuilder(limit);
  let name = format;
  let parser: Parser | undefined;
  let start: Buffer = Buffer.alloc(0);
  const begin = (): void => {
    name ??= formatOf(start);
    parser = FORMATS[name].parser(builder.add);
    parser.write(start);
  };
  for await (const chunk of decompressed(file)) {
    if (parser !== undefined) parser.write(chunk);
    else if ((start = Buffer.concat([start, chunk])).length >= START_BYTES) begin();
    if (builder.isFull) break;
  }
  if (start.length === 0) throw new Error('the file is empty.');
  if (parser === undefined) begin();
  if (!builder.isFull) parser?.end();
  return checked(builder.build(nameOf(file), String(name)), parser?.malformed ?? 0);
}

function checked(trace: Trace, malformed: number): Trace {
  const { origin, requests } = trace;
  if (requests.length === 0 || malformed > MAX_MALFORMED * requests.length) {
    throw new Error(
      `it does not have the format ${origin}: ${malformed} lines or records are malformed, ` +
        `${requests.length} requests were read.`,
    );
  }
  return malformed === 0 ? trace : { ...trace, origin: `${origin}, ${malformed} lines skipped` };
}

/** The file's name without its endings. */
function nameOf(file: string): string {
  return basename(file).replace(/(\.(gz|xz|zst|trace|csv|txt|log))+$/, '');
}

async function* decompressed(file: string): AsyncGenerator<Buffer, void> {
  const ending = extname(file);
  const tool = PROGRAMS[ending];
  if (tool !== undefined) yield* outputOf(tool.program, tool.package, file);
  else if (ending === '.gz') yield* unzipped(file);
  else yield* createReadStream(file) as AsyncIterable<Buffer>;
}

async function* unzipped(file: string): AsyncGenerator<Buffer, void> {
  const source = createReadStream(file);
  const target = createGunzip();
  source.on('error', (error) => target.destroy(error));
  try {
    yield* source.pipe(target) as AsyncIterable<Buffer>;
  } finally {
    source.destroy();
  }
}

/** The output of a decompression program, which is stopped when the rest is not needed. */
async function* outputOf(
  program: string,
  debian: string,
  file: string,
): AsyncGenerator<Buffer, void> {
  const child = spawn(program, ['-dc', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close') as Promise<[number | null]>;
  // Awaited below, if at all.
  ended.catch(() => undefined);
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  let whole = false;
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    whole = true;
  } finally {
    if (!whole) child.kill();
  }
  const [code] = await ended.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error(`this needs the program ${program} (on Debian, the package ${debian}).`);
  });
  if (code !== 0) throw new Error(complaint.trim() || `${program} failed.`);
}
