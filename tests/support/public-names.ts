/** The public surface: what entry points export, in their sources and in the emitted types. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Names by entry point, each with `value` or `type`. */
export type Surface = Readonly<Record<string, readonly string[]>>;

const root = join(__dirname, '../..');

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly import: { default: string } }>>;
}

/** Entry points of the package, and their modules below `src/` and `dist/esm/`, without suffix. */
export function entryPoints(): Map<string, string> {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const found = new Map<string, string>();
  for (const [name, target] of Object.entries(exports)) {
    const path = typeof target === 'string' ? '' : target.import.default;
    const [, module] = /^\.\/dist\/esm\/(.*)\.js$/.exec(path) ?? [];
    if (module !== undefined) found.set(name.replace(/^\./, 'aurora-cache'), module);
  }
  return found;
}

/**
 * The named exports of a module: `value Cached`, `type CacheOptions`.
 *
 * @throws for an `export *` or a declaration, which would export more than is written down.
 */
export function exportsOf(path: string): string[] {
  const names: string[] = [];
  for (const statement of parsed(path).statements) {
    if (!ts.isExportDeclaration(statement)) continue;
    if (statement.exportClause === undefined || !ts.isNamedExports(statement.exportClause)) {
      throw new Error(`${path} exports everything of a module.`);
    }
    for (const { name, isTypeOnly } of statement.exportClause.elements) {
      names.push(`${isTypeOnly || statement.isTypeOnly ? 'type' : 'value'} ${name.text}`);
    }
  }
  return names.sort();
}

/** Names that the files of declarations in a folder declare. */
export function declaredIn(folder: string): Set<string> {
  const names = new Set<string>();
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.d.ts')) continue;
    for (const statement of parsed(join(folder, path)).statements) {
      for (const name of namesOf(statement)) names.add(name);
    }
  }
  return names;
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  const { name } = statement as unknown as { name?: ts.Node };
  return name === undefined ? [] : [name.getText()];
}

function parsed(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
}

/** The recorded surface. */
export const report = JSON.parse(
  readFileSync(join(root, 'tests/support/public-names.json'), 'utf8'),
) as {
  readonly exported: Surface;
  /** Names that only the emitted types mention, since exported types are made of them. */
  readonly mentioned: readonly string[];
};
