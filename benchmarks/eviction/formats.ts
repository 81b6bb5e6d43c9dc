/** The formats of public trace collections, each recognised by its content and parsed chunk by chunk. */

/** Receives the key of each request. */
type Emit = (key: string | number) => void;

/** Takes the bytes of a file in pieces of any length. */
export interface Parser {
  write(chunk: Buffer): void;
  /** Takes what is left after the last piece, such as a line without its end. */
  end(): void;
  /** Lines or records so far that do not have the format. */
  readonly malformed: number;
}

export interface Format {
  /** Whether a file that begins with these bytes has the format. */
  recognises(start: Buffer): boolean;
  parser(emit: Emit): Parser;
}

/** Emits the keys that a line requests; returns `false` for a line that has another format. */
type ParseLine = (line: string, emit: Emit) => boolean;

const READS = new Set(['get', 'gets']);
const MAX_BLOCKS = 1_000_000;

/** One block number per line; `*` separates the phases. */
const lirs: ParseLine = (line, emit) => {
  if (/^-?\d+$/.test(line)) emit(line);
  else if (line !== '*' && line !== '') return false;
  return true;
};

/** First block, number of blocks, a field that is unused, number of the request. */
const arc: ParseLine = (line, emit) => {
  const [, first, count] = /^(\d+) (\d+) \d+ \d+$/.exec(line) ?? [];
  if (first === undefined || Number(count) > MAX_BLOCKS) return false;
  for (let i = 0; i < Number(count); i++) emit(Number(first) + i);
  return true;
};

/** Time, key, size of the key, size of the value, client, operation, time to live. */
const twitter: ParseLine = (line, emit) => {
  const [, key, operation] = /^\d+,(.*),\d+,\d+,\d+,([a-z]+),\d+$/.exec(line) ?? [];
  if (key === undefined || operation === undefined) return false;
  if (READS.has(operation)) emit(key);
  return true;
};

/** Counter, time, URL, `-` for a read or `save` for an update. */
const wikipedia: ParseLine = (line, emit) => {
  const [, url, flag] = /^\d+ \d+(?:\.\d+)? (\S+) (-|save)$/.exec(line) ?? [];
  if (url === undefined) return false;
  if (flag === '-') emit(url);
  return true;
};

/** The common and the combined log format of web servers; successful GETs are requests to a cache. */
const accessLog: ParseLine = (line, emit) => {
  const [, method, path, status] =
    /^\S+ \S+ .*?\[[^\]]*\] "(\S+) (\S+)[^"]*" (\d{3}) /.exec(line) ?? [];
  if (path === undefined) return false;
  if (method === 'GET' && Number(status) < 400) emit(path);
  return true;
};

/** One key per line, any text. */
const keys: ParseLine = (line, emit) => {
  if (line !== '') emit(line);
  return true;
};

/** In the order in which they are tried. */
export const FORMATS = {
  lirs: text(lirs),
  arc: text(arc),
  twitter: text(twitter),
  wikipedia: text(wikipedia),
  'access-log': text(accessLog),
  keys: text(keys),
  /** Corda, Scarab: integers of 8 bytes. */
  int64: binary(8, (start) => isBinary(start) && !sharesHalves(start)),
  /** cache2k, CloudPhysics: integers of 4 bytes. */
  int32: binary(4, isBinary),
} satisfies Readonly<Record<string, Format>>;

export type FormatName = keyof typeof FORMATS;

export const FORMAT_NAMES = Object.keys(FORMATS) as FormatName[];

/** The first format that the beginning of a file has. */
export function formatOf(start: Buffer): FormatName {
  return FORMAT_NAMES.find((name) => FORMATS[name].recognises(start)) ?? 'keys';
}

function text(parse: ParseLine): Format {
  return {
    recognises: (start) => !isBinary(start) && isMostly(linesOf(start), parse),
    parser: (emit) => new LineParser(parse, emit),
  };
}

const ignore: Emit = () => undefined;

/** Logs hold a few lines that are broken. */
function isMostly(lines: readonly string[], parse: ParseLine): boolean {
  return lines.filter((line) => parse(line, ignore)).length >= 0.8 * lines.length;
}

/** The first lines; the last one may be cut off. */
function linesOf(start: Buffer): string[] {
  const lines = start.toString('latin1').split('\n');
  const whole = lines.slice(0, Math.max(1, Math.min(100, lines.length - 1)));
  return whole.map((line) => line.trimEnd());
}

class LineParser implements Parser {
  private rest = '';
  malformed = 0;

  constructor(
    private readonly parse: ParseLine,
    private readonly emit: Emit,
  ) {}

  write(chunk: Buffer): void {
    // One character per byte in any encoding: keys only need to be distinct.
    const lines = (this.rest + chunk.toString('latin1')).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.take(line);
  }

  end(): void {
    this.take(this.rest);
    this.rest = '';
  }

  private take(line: string): void {
    const text = line.trimEnd();
    // After the last line break comes an empty line.
    if (!this.parse(text, this.emit) && text !== '') this.malformed++;
  }
}

function binary(width: 4 | 8, recognises: Format['recognises']): Format {
  return { recognises, parser: (emit) => new RecordParser(width, emit) };
}

/** Integers of a fixed width. Their order of bytes does not matter: keys need to be told apart only. */
class RecordParser implements Parser {
  private rest: Buffer = Buffer.alloc(0);
  malformed = 0;

  constructor(
    private readonly width: 4 | 8,
    private readonly emit: Emit,
  ) {}

  write(chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const whole = bytes.length - (bytes.length % this.width);
    for (let at = 0; at < whole; at += this.width) this.emit(this.keyAt(bytes, at));
    this.rest = bytes.subarray(whole);
  }

  end(): void {
    if (this.rest.length > 0) this.malformed++;
  }

  private keyAt(bytes: Buffer, at: number): string | number {
    return this.width === 4 ? bytes.readUInt32BE(at) : bytes.toString('latin1', at, at + 8);
  }
}

/** Whether there are control characters that no text has. */
function isBinary(start: Buffer): boolean {
  return start.some((byte) => byte < 9 || (byte > 13 && byte < 32));
}

/**
 * Whether words of four bytes occur both at even and at odd places. Keys of four bytes do, the halves
 * of keys of eight bytes do not. (A loop over an even number of keys of four bytes does not either:
 * its format has to be named.)
 */
function sharesHalves(start: Buffer): boolean {
  const halves = [new Set<number>(), new Set<number>()] as const;
  for (let at = 0; at + 8 <= start.length; at += 8) {
    halves[0].add(start.readUInt32BE(at));
    halves[1].add(start.readUInt32BE(at + 4));
  }
  const shared = [...halves[0]].filter((word) => halves[1].has(word)).length;
  return shared > 0.05 * Math.max(halves[0].size, halves[1].size);
}
