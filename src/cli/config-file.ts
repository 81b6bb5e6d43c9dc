import { createReadStream } from 'node:fs';

import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';

import { CLI_LIMITS } from '../base/options/defaults.js';
import { describe } from '../base/errors/describe.js';
import { printable } from '../base/errors/printable.js';
import { EXIT, Failure, reason } from './failure.js';

/** The name of an options file in messages. */
export function nameOf(path: string): string {
  return path === '-' ? 'standard input' : printable(path);
}

/**
 * Reads the object in a JSON file, or on standard input for `-`.
 *
 * @throws Failure that names the file, and for bad JSON the position, but never shows the content.
 */
export async function readConfig(path: string): Promise<object> {
  const name = nameOf(path);
  const value = parsed(decoded(await bytesOf(path, name), name), name);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  // Show only the type of a string or number: it may be a secret in the wrong file.
  const got = typeof value === 'object' ? describe(value) : `a ${typeof value}`;
  throw new Failure(`${name}: must contain a JSON object such as {}; got ${got}.`, EXIT.usage);
}

async function bytesOf(path: string, name: string): Promise<Buffer> {
  const max = CLI_LIMITS.configBytes;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Read up to the limit instead of checking the size first: pipes and devices have none.
    const stream = path === '-' ? process.stdin : createReadStream(path, { end: max });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > max) break;
    }
  } catch (error) {
    throw new Failure(`cannot read ${name}: ${reason(error)}.`, EXIT.failed);
  }
  if (size <= max) return Buffer.concat(chunks);
  throw new Failure(`${name}: is larger than ${String(max)} bytes.`, EXIT.usage);
}

/** Decodes UTF-8, without the byte order mark that some Windows editors write. */
function decoded(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Failure(`${name}: is not UTF-8 text.`, EXIT.usage);
  }
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not the message of `JSON.parse`, which quotes the text and does not always give the position.
    throw new Failure(`${name}${errorIn(text)}`, EXIT.usage);
  }
}

/** Describes the first error: `:3:14: is not JSON: comma expected.` */
function errorIn(text: string): string {
  if (text.trim() === '') return ': is empty; expected a JSON object such as {}.';
  const errors: ParseError[] = [];
  parse(text, errors, { disallowComments: true });
  const [first] = errors;
  if (first === undefined) return ': is not JSON.';
  const before = text.slice(0, first.offset).split(/\r\n|\r|\n/);
  const column = (before.at(-1) ?? '').length + 1;
  const what = printParseErrorCode(first.error).replace(
    /(?!^)[A-Z]/g,
    (letter) => ` ${letter.toLowerCase()}`,
  );
  return `:${String(before.length)}:${String(column)}: is not JSON: ${what.toLowerCase()}.`;
}
