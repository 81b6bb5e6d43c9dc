/**
 * Makes the page of `aurora-cache/http` out of dashboard/: one document, as a string in a source
 * file, so that it is there however the sources are run. The file is checked in; `--check`
 * writes nothing, and fails if it is out of date.
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const target = join(root, 'src/http/api/page-document.ts');
const read = (name) => readFile(join(root, name), 'utf8');

const text = await pageSource();
if (!process.argv.includes('--check')) await writeFile(target, text);
else if ((await readFile(target, 'utf8')) !== text) {
  console.error('src/http/api/page-document.ts is out of date: npm run build:page');
  process.exitCode = 1;
}

/** Text of the source file, as it should be. */
async function pageSource() {
  const script = await bundle('dashboard/main.ts');
  const style = await bundle('node_modules/uplot/dist/uPlot.min.css', 'dashboard/style.css');
  const license = (await read('node_modules/uplot/LICENSE')).replaceAll('--', '');
  const template = (await read('dashboard/page.html')).replace(/\n\s*/g, '\n');
  // Replaced by functions: `$&` in a script means what it says.
  const html = template
    .replace('/*STYLE*/', () => style)
    .replace('/*SCRIPT*/', () => script)
    .replace('LICENSE-->', () => `${license}-->`);
  const policy = [
    "default-src 'none'",
    `script-src '${hash(script)}'`,
    `style-src '${hash(style)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return [
    '// Made of dashboard/ by scripts/page.mjs: `npm run build:page`. Do not edit.',
    `/** @internal */\nexport const PAGE_POLICY = ${JSON.stringify(policy)};`,
    `/** @internal */\nexport const PAGE_HTML =\n  ${JSON.stringify(html)};`,
    '',
  ].join('\n');
}

async function bundle(...entries) {
  const options = { bundle: true, minify: true, write: false, legalComments: 'none' };
  const texts = [];
  for (const entry of entries) {
    const { outputFiles } = await build({
      ...options,
      ...{ entryPoints: [join(root, entry)], format: 'iife', target: 'es2022', charset: 'utf8' },
      tsconfig: join(root, 'dashboard/tsconfig.json'),
    });
    const text = outputFiles[0].text.trim().replaceAll('</', '<\\/');
    // Either would have a parser of HTML read the rest of the script otherwise than it is meant.
    if (/<!--|<script/i.test(text)) throw new Error(`${entry}: must not hold <!-- or <script.`);
    texts.push(text);
  }
  return texts.join('');
}

function hash(text) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
