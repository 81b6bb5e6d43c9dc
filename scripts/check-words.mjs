/**
 * Keeps foreign turns of phrase and abandoned names out of sources, messages and documents:
 * `npm run check:words`. Prose linters flag words, but know neither our identifiers nor where a
 * comment or a message begins; this reads both with TypeScript's own scanner.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import ts from 'typescript';

import { EXCEPTIONS, IDENTIFIERS, KEPT_NAMES, SENTENCE, WORDS } from './words.mjs';

const CODE = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);
const TEXT = new Set([
  '.md',
  '.html',
  '.css',
  '.yaml',
  '.yml',
  '.json',
  '.lua',
  '.sh',
  '.conf',
  '.txt',
]);
const SKIPPED = new Set(['node_modules', 'dist', 'build', 'coverage', '.git']);
/** Generated or not ours. */
const FOREIGN = /(?:^|\/)(?:package-lock\.json|page-document\.ts|LICENSE)$/;

const root = process.argv[2] ?? '.';

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) yield* filesBelow(path);
    } else if (CODE.has(extname(path)) || TEXT.has(extname(path)) || path.endsWith('.ci/run')) {
      if (!FOREIGN.test(path)) yield path;
    }
  }
}

const TRIVIA = new Set([
  ts.SyntaxKind.SingleLineCommentTrivia,
  ts.SyntaxKind.MultiLineCommentTrivia,
  ts.SyntaxKind.NewLineTrivia,
  ts.SyntaxKind.WhitespaceTrivia,
]);

/** After these a slash divides; anywhere else it begins a regular expression. */
const OPERANDS = new Set([
  ts.SyntaxKind.Identifier,
  ts.SyntaxKind.NumericLiteral,
  ts.SyntaxKind.CloseParenToken,
  ts.SyntaxKind.CloseBracketToken,
]);

/** Tokens of a source, comments included. */
function* tokensOf(text) {
  const scanner = ts.createScanner(
    ts.ScriptTarget.Latest,
    false,
    ts.LanguageVariant.Standard,
    text,
  );
  // Depth of braces inside each `${…}`, so that the scanner reads what follows as a template again.
  const templates = [];
  let before;
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    if (kind === ts.SyntaxKind.TemplateHead) templates.push(0);
    else if (kind === ts.SyntaxKind.OpenBraceToken && templates.length > 0)
      templates.push(templates.pop() + 1);
    else if (kind === ts.SyntaxKind.CloseBraceToken && templates.length > 0) {
      const depth = templates.pop();
      if (depth > 0) templates.push(depth - 1);
      else {
        kind = scanner.reScanTemplateToken(false);
        if (kind === ts.SyntaxKind.TemplateMiddle) templates.push(0);
      }
    } else if (
      (kind === ts.SyntaxKind.SlashToken || kind === ts.SyntaxKind.SlashEqualsToken) &&
      !OPERANDS.has(before)
    ) {
      kind = scanner.reScanSlashToken();
    }
    if (!TRIVIA.has(kind)) before = kind;
    yield { kind, text: scanner.getTokenText(), start: scanner.getTokenStart() };
  }
}

const STRINGS = new Set([
  ts.SyntaxKind.StringLiteral,
  ts.SyntaxKind.NoSubstitutionTemplateLiteral,
  ts.SyntaxKind.TemplateHead,
  ts.SyntaxKind.TemplateMiddle,
  ts.SyntaxKind.TemplateTail,
]);

/** Comments and strings of a source, those on successive lines as one. */
function proseOf(text) {
  const parts = [];
  let comment;
  for (const { kind, text: token, start } of tokensOf(text)) {
    if (kind === ts.SyntaxKind.SingleLineCommentTrivia) {
      const line = token.slice(2);
      if (comment === undefined) parts.push((comment = { start, text: line }));
      else comment.text += `\n${line}`;
    } else if (kind !== ts.SyntaxKind.NewLineTrivia && kind !== ts.SyntaxKind.WhitespaceTrivia) {
      comment = undefined;
      if (kind === ts.SyntaxKind.MultiLineCommentTrivia) {
        parts.push({ start, text: token.slice(2, -2).replace(/^[ \t]*\*+/gm, '') });
      } else if (STRINGS.has(kind)) parts.push({ start, text: token.slice(1, -1) });
    }
  }
  return parts;
}

/** Sentences, list items, headings and cells of tables, each of which may begin with a capital. */
function sentencesOf(text) {
  return text
    .replace(/^```.*?^```$/gms, '\n\n')
    .split(/(?<=[.!?:;])\s+|\n\s*\n|\n\s*(?=[-*#>|]|\d+\.\s)|\s\|\s|@\w+\s/)
    .map((sentence) => sentence.replace(/^[\s#>*|_-]+/, '').trim());
}

const lineOf = (text, offset) => text.slice(0, offset).split('\n').length;

const used = new Set();
const isExcepted = (file, text) => {
  const found = EXCEPTIONS.filter((one) => one.file === file && text.includes(one.text));
  for (const one of found) used.add(one);
  return found.length > 0;
};

const findings = [];
function report(file, line, found, instead) {
  if (!isExcepted(file, found))
    findings.push(`${file}:${String(line)}: ${found}\n    instead: ${instead}`);
}

function checkProse(file, text, start, whole) {
  for (const { pattern, instead, under } of WORDS) {
    if (under?.test(file) === false) continue;
    // A phrase may go on in the next line.
    const phrase = new RegExp(pattern.source.replaceAll(' ', '\\s+'), `${pattern.flags}g`);
    for (const match of text.matchAll(phrase)) {
      const line = lineOf(whole, start) + lineOf(text, match.index) - 1;
      report(
        file,
        line,
        text.slice(Math.max(0, match.index - 40), match.index + 60).replace(/\s+/g, ' '),
        instead,
      );
    }
  }
  for (const sentence of sentencesOf(text)) {
    if (!SENTENCE.test(sentence) || sentence.includes('?')) continue;
    const line =
      lineOf(whole, start) + lineOf(text, Math.max(0, text.indexOf(sentence.split('\n')[0]))) - 1;
    report(
      file,
      line,
      sentence.replace(/\s+/g, ' ').slice(0, 100),
      'name the subject, then what it does',
    );
  }
}

function checkNames(file, text) {
  const banned = IDENTIFIERS.filter(({ under }) => file.startsWith(under));
  if (banned.length === 0) return;
  for (const { kind, text: name, start } of tokensOf(text)) {
    if (kind !== ts.SyntaxKind.Identifier && kind !== ts.SyntaxKind.PrivateIdentifier) continue;
    const entry = banned.find(({ names }) => names.test(name.replace(/^#/, '')));
    if (entry === undefined) continue;
    const kept = KEPT_NAMES.find((one) => one.name === name);
    if (kept === undefined) report(file, lineOf(text, start), name, entry.instead);
    else used.add(kept);
  }
}

for (const path of filesBelow(root)) {
  const file = relative(root, path).replaceAll('\\', '/');
  const text = readFileSync(path, 'utf8');
  if (CODE.has(extname(path))) {
    for (const part of proseOf(text)) checkProse(file, part.text, part.start, text);
    checkNames(file, text);
  } else checkProse(file, text, 0, text);
}

for (const one of [...EXCEPTIONS, ...KEPT_NAMES]) {
  if (root === '.' && !used.has(one))
    findings.push(`scripts/words.mjs: no longer needed: ${one.name ?? `${one.file}, ${one.text}`}`);
}
for (const finding of findings) console.error(finding);
if (findings.length > 0) console.error(`\n${String(findings.length)} findings.`);
process.exitCode = findings.length === 0 ? 0 : 1;
