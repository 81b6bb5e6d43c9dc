// Writes schemas/nginx.schema.json: what the options of nginx.json may be, out of the checks, and
// what they mean, out of the doc comments. `--check` compares instead.
import { readFileSync, writeFileSync } from 'node:fs';

import ts from 'typescript';

import { options } from '../src/nginx/schema';
import { jsonOf } from '../src/nginx/shapes';

const target = new URL('../schemas/nginx.schema.json', import.meta.url);
const sources = ['options', 'upstream-options'].map(
  (name) => new URL(`../src/nginx/${name}.ts`, import.meta.url),
);

/** The properties of each interface, with their texts and the interfaces that they name. */
const interfaces = new Map(
  sources
    .flatMap((source) => [
      ...ts.createSourceFile(
        source.pathname,
        readFileSync(source, 'utf8'),
        ts.ScriptTarget.Latest,
        true,
      ).statements,
    ])
    .filter(ts.isInterfaceDeclaration)
    .map(({ name, members }) => [
      name.text,
      members.map((member) => ({
        name: member.name?.getText() ?? '',
        description: textOf(member),
        type: member.type?.getText() ?? '',
      })),
    ]),
);

function textOf(member) {
  const [doc] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
  const text = ts.getTextOfJSDocComment(doc?.comment) ?? '';
  const tag = doc?.tags?.find(({ tagName }) => tagName.text === 'default');
  const standard = tag === undefined ? '' : ` Default: ${ts.getTextOfJSDocComment(tag.comment)}.`;
  return `${text}${standard}`
    .replaceAll(/\{@link (?:\w+\.)?(\w+)\}/g, '$1')
    .replaceAll(/\s*\n\s*/g, ' ');
}

function described(schema, of) {
  const names = [...interfaces.keys()].filter((name) => new RegExp(`\\b${name}\\b`).test(of));
  const members = names.flatMap((name) => interfaces.get(name));
  const inner = (part) => described(part, of);
  return {
    ...schema,
    ...(schema.anyOf && { anyOf: schema.anyOf.map(inner) }),
    ...(schema.items && { items: inner(schema.items) }),
    ...(schema.properties && {
      properties: Object.fromEntries(
        Object.entries(schema.properties).map(([name, property]) => {
          const { description, type } = members.find((member) => member.name === name) ?? {};
          if (!description) throw new Error(`${of}: ${name} has no doc comment.`);
          return [name, { description, ...described(property, type) }];
        }),
      ),
    }),
  };
}

const schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Options of aurora-cache nginx',
  ...described(jsonOf(options), 'NginxOptions'),
};
const text = `${JSON.stringify(schema, null, 2)}\n`;

if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error('schemas/nginx.schema.json is out of date: npm run build:schema');
  process.exitCode = 1;
}
