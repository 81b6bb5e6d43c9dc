import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

import { report } from '../support/public-names.js';

const src = join(__dirname, '../../src');
/** The folders in which each entry point's declarations are. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  'aurora-cache': ['base', 'cache', 'decorators', 'memory'],
  'aurora-cache/http': ['http'],
  'aurora-cache/nginx': ['nginx'],
  'aurora-cache/prometheus': ['prometheus'],
  'aurora-cache/redis': ['redis'],
  'aurora-cache/testing': ['testing'],
};

/** Declarations that an entry point exports, by name. */
function declarations(entryPoint: string, folders: readonly string[]): Map<string, ts.Declaration> {
  const exported = new Set(report.exported[entryPoint]?.map((one) => one.split(' ')[1]));
  // They are not exported, but exported options consist of them.
  for (const name of ['KeyOptions', 'CacheControl']) exported.add(name);
  const found = new Map<string, ts.Declaration>();
  for (const folder of folders) {
    for (const file of readdirSync(join(src, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const text = readFileSync(join(src, folder, file), 'utf8');
      const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
      for (const statement of source.statements) {
        const { name } = statement as unknown as { name?: ts.Identifier };
        // Of overloads, the first has the comment.
        if (name === undefined || !exported.has(name.text) || found.has(name.text)) continue;
        found.set(name.text, statement as unknown as ts.Declaration);
      }
    }
  }
  return found;
}

const has = (node: ts.Node, tag: string): boolean =>
  ts.getJSDocTags(node).some(({ tagName }) => tagName.text === tag);

const HIDDEN = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;

const isShown = (member: ts.Node): boolean =>
  !has(member, 'internal') && !(ts.getCombinedModifierFlags(member as ts.Declaration) & HIDDEN);

const nameOf = (member: ts.Node): string =>
  (member as unknown as { name?: ts.Node }).name?.getText() ?? 'constructor';

/** Interfaces that users fill in, besides those of ioredis, which has its own documentation. */
const OPTIONS = /Options$|^Nginx|^Fault$|^StoreUnderTest$|^PerformanceLogger$/;

describe('the documentation comments of the public surface', () => {
  const known = declarations('aurora-cache', FOLDERS['aurora-cache'] ?? []);

  it('are looked for in every folder that it comes from', () => {
    expect(known.size).toBeGreaterThan(60);
    expect(Object.keys(FOLDERS).sort()).toEqual(Object.keys(report.exported).sort());
  });

  it.each(Object.entries(FOLDERS))('give the default of every option of %s', (name, folders) => {
    const missing: string[] = [];
    let options = 0;
    for (const [owner, declaration] of declarations(name, folders)) {
      if (!OPTIONS.test(owner) || !ts.isInterfaceDeclaration(declaration)) continue;
      for (const member of declaration.members) {
        if (member.questionToken === undefined) continue;
        options++;
        if (!has(member, 'default')) missing.push(`${owner}.${nameOf(member)}`);
      }
    }
    expect(options).toBeGreaterThan(name === 'aurora-cache' ? 60 : 0);
    expect(missing).toEqual([]);
  });

  it('show an example of every function, class and method', () => {
    const missing: string[] = [];
    for (const [owner, declaration] of known) {
      const isCode = ts.isFunctionDeclaration(declaration) || ts.isClassDeclaration(declaration);
      // Programs receive these, and do not make them.
      const isReceived = /^(?:[A-Z]\w+Error|MemoryEntry)$/.test(owner) && owner !== 'CacheError';
      if (isCode && !isReceived && !has(declaration, 'example')) missing.push(owner);
      if (!ts.isClassDeclaration(declaration) && owner !== 'CacheControl') continue;
      const { members } = declaration as ts.ClassDeclaration | ts.InterfaceDeclaration;
      const seen = new Set<string>();
      for (const member of members) {
        const isMethod = ts.isMethodDeclaration(member) || ts.isMethodSignature(member);
        const name = `${owner}.${nameOf(member)}`;
        // Of overloads, the first has the comment.
        if (!isMethod || !isShown(member) || seen.has(name)) continue;
        seen.add(name);
        if (!has(member, 'example')) missing.push(name);
      }
    }
    expect(missing).toEqual([]);
  });
});
