import { createReadStream } from 'node:fs';

import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';

import { LIMITS } from '../base/defaults.js';
import { describe } from '../base/duration.js';
import { printable } from '../base/printable.js';
import { EXIT, Failure, reason } from './failure.js';

/** The name of a file of options in messages. */
export function nameOf(path: string): string {
  return path === '-' ? 'standard input' : printable(path);
}

/**
 * The object in a JSON file, or on the standard input for `-`.
 *
 * @throws Failure that names the file, and in bad JSON the place; never what is written there.
 */
export async function readConfig(path: string): Promise<object> {
  const name = nameOf(path);
  const value = parsed(decoded(await bytesOf(path, name), name), name);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  // A string or a number may be a secret in the wrong file.
  const got = typeof value === 'object' ? describe(value) : `a ${typeof value}`;
  throw new Failure(`${name}: must hold a JSON object, such as {}; got ${got}.`, EXIT.usage);
}

async function bytesOf(path: string, name: string): Promise<Buffer> {
  const most = LIMITS.configBytes;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Read to the bound, not measured beforehand: pipes and devices have no size.
    const stream = path === '-' ? process.stdin : createReadStream(path, { end: most });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > most) break;
    }
  } catch (error) {
    throw new Failure(`cannot read ${name}: ${reason(error)}.`, EXIT.failed);
  }
  if (size <= most) return Buffer.concat(chunks);
  throw new Failure(`${name}: is larger than ${String(most)} bytes.`, EXIT.usage);
}

/** Without the byte order mark that editors on Windows put in front. */
function decoded(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Failure(`${name}: is not text in UTF-8.`, EXIT.usage);
  }
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Its message quotes the text around the mistake, and does not always say where that is.
    throw new Failure(`${name}${mistakeIn(text)}`, EXIT.usage);
  }
}

/** The first mistake: `:3:14: is not JSON: comma expected.` */
function mistakeIn(text: string): string {
  if (text.trim() === '') return ': is empty; a JSON object is expected, such as {}.';
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
