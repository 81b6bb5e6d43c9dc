import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const script = join(__dirname, '../../scripts/check-words.mjs');

/** The findings of `npm run check:words` in a repository with these files: places and texts. */
async function findings(files: Readonly<Record<string, string>>): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'aurora-cache-words-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    const failed = (error: { stderr: string }) => error;
    const { stderr } = await promisify(execFile)(process.execPath, [script, folder]).catch(failed);
    return stderr.split('\n').filter((line) => /^\S+:\d+: /.test(line));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const VIOLATIONS: readonly [what: string, file: string, text: string, line: number][] = [
  ['a line comment', 'src/a.ts', 'let a = 1;\n// whoever comes first\n', 2],
  ['a block comment', 'src/b.ts', '/**\n * Nobody reads it.\n */\n', 2],
  ['a message', 'src/c.ts', "throw new Error('the function answers the key');\n", 1],
  ['a template', 'src/d.ts', 'log(`${a} is read anew by ${b}`);\n', 1],
  ['a template after a division', 'src/e.ts', 'const e = a / b / `${c / d} his`.length;\n', 1],
  ['the title of a test', 'tests/f.test.ts', "it('tells of failures', () => {});\n", 1],
  ['the subject of a sentence', 'src/g.ts', '// Done.\n// What is left is stored.\n', 2],
  ['the subject of a later sentence', 'docs/h.md', 'It is. What is left\nstays.\n', 1],
  ['a document', 'docs/i.md', '\n\nA copy of theirs.\n', 3],
  ['a list', 'docs/j.md', '- one\n- Who reads is served.\n', 2],
  ['a configuration', 'docs/deploy/k.yaml', 'a: 1\n# it tells whoever asks\n', 2],
  ['a phrase across lines', 'src/o.ts', '/*\n * in a process of its\n * own\n */\n', 2],
  ['a life', 'docs/p.md', 'Kept for the rest of its life.\n', 1],
  ['a pronoun', 'tests/q.test.ts', "it('end by themselves', () => {});\n", 1],
  ['the other kind of decorators', 'src/r.ts', '// in both dialects\n', 1],
  ['a room that is a folder', 'CONTRIBUTING.md', 'One folder a room.\n', 1],
  ['a room that is space', 'src/s.ts', '// it takes no room\n', 1],
  ['statistics', 'dashboard/t.html', '<p>Figures of all</p>\n', 1],
  ['a reply', 'src/u.ts', '// the answer is late\n', 1],
  ['a request', 'docs/v.md', 'The page asks for a token.\n', 1],
  ['a request in a test', 'tests/y.test.ts', "it('Asked twice', () => {});\n", 1],
  ['a result', 'tests/z.test.ts', '/** A read that is answered from memory. */\n', 1],
  ['a report', 'src/a1.ts', '// Told once that the store is back.\n', 1],
  ['a report across lines', 'src/a2.ts', '// a listener\n// tells\n// the cache\n', 2],
  ['a caller', 'src/a3.ts', '// callers of one load, who share it\n', 1],
  ['a caller at the start of a title', 'tests/a4.test.ts', "describe('those Who wait', f);\n", 1],
  ['a number', 'src/a5.ts', '// Removes so many keys.\n', 1],
  ['a verb for persons', 'docs/a6.md', 'The service carries on.\n', 1],
  ['another verb for persons', 'src/a7.ts', '// the entry is let go. It goes away.\n', 1],
  ['a folder', '.dependency-cruiser.cjs', "const comment = 'the one door to redis/';\n", 1],
  ['a name', 'src/http/l.ts', "import { a } from './a.js';\nthrow new Refusal(a);\n", 2],
  ['a property', 'src/cache/m.ts', 'const { engine } = cache;\n', 1],
  ['a constant', 'src/base/n.ts', 'const MOST_KEYS = 1;\n', 1],
  ['a flag', 'src/store/w.ts', 'if (shared.isAway) return;\n', 1],
  ['a type of one folder', 'src/store/x.ts', 'interface Load {}\n', 1],
  ['a method with a verb for persons', 'src/redis/b1.ts', 'clock.sawFloor(1);\n', 1],
  ['a field with one', 'src/redis/b2.ts', 'class A {\n  private isOwed = false;\n}\n', 2],
  ['a private name with one', 'src/http/b3.ts', 'class A {\n  #toldVersion = 1;\n}\n', 2],
  ['a removal', 'src/store/b4.ts', 'journal.forget(key);\n', 1],
  ['a bound', 'src/stats/b5.ts', 'const most = 3;\n', 1],
  ['the suffix of a type', 'src/prometheus/b6.ts', 'interface RouteReport {}\n', 1],
];

const PLAIN = {
  'src/a.ts': '// What to do after a store miss.\nconst anew = he; // Whose lease is it?\n',
  'src/b.ts': "// the V8 engine\nconst text = 'Returns the value.';\n",
  'src/c.ts': '// Evicted to make room for it: see `dialect`. The store does not answer.\n',
  'src/cache/d.ts': 'interface Load {}\n',
  'src/redis/e.ts': 'const kept: ArrayBufferView = raiseFloor(sawtooth, mostly);\n',
  'src/f.ts': '// It tells keys apart, and one write from another. A user who may not write.\n',
  'tests/a.test.ts': "it('replies', () => expect(answer).toBe('answer 1'));\n",
  'docs/a.md': '# Guarantees\n\nReads return the value.\n',
};

it('finds nothing in plain English, and does not mistake names for words', async () => {
  expect(await findings(PLAIN)).toEqual([]);
});

describe('a violation in', () => {
  let found: string[] = [];
  beforeAll(async () => {
    found = await findings(Object.fromEntries(VIOLATIONS.map(([, file, text]) => [file, text])));
  });

  it.each(VIOLATIONS)('%s is found', (_, file, __, line) => {
    const lines = found.filter((one) => one.startsWith(`${file}:`));
    expect(lines).toEqual(expect.arrayContaining([expect.stringContaining(`${file}:${line}: `)]));
  });
});
