import type { Place, Position } from './data.js';
import { badRequest } from './problem.js';

/** Input of a request: query, path parameters or body. */
export type Fields = Readonly<Record<string, unknown>>;

interface Range {
  readonly least: number;
  readonly most: number;
}

const MOST_RESULTS: Range = { least: 1, most: 50 };
const ID: Range = { least: 1, most: 2 ** 31 };
const POPULATION: Range = { least: 0, most: 100_000_000 };

export function idOf(fields: Fields): number {
  return integer('id', numeric(fields['id']), ID);
}

/** How many results are wanted. */
export function countOf(fields: Fields, name: string, otherwise: number): number {
  const value = fields[name];
  return value === undefined ? otherwise : integer(name, numeric(value), MOST_RESULTS);
}

/** The beginning of a name. */
export function prefixOf(fields: Fields): string {
  return text('q', fields['q'], 50);
}

export function positionOf(fields: Fields): Position {
  return {
    latitude: number('lat', numeric(fields['lat']), { least: -90, most: 90 }),
    longitude: number('lng', numeric(fields['lng']), { least: -180, most: 180 }),
  };
}

/** In capitals, so that `de` and `DE` share a result. */
export function countryOf(fields: Fields): string {
  const { code } = fields;
  if (typeof code === 'string' && /^[a-z]{2}$/i.test(code)) return code.toUpperCase();
  throw badRequest(`code must be two letters, such as DE; got ${shown(code)}.`);
}

export function populationOf(body: unknown): number {
  return integer('population', objectOf(body)['population'], POPULATION);
}

export function placeOf(body: unknown): Place {
  const { id, name, country, population, position } = objectOf(body);
  const { latitude, longitude } = objectOf(position, 'position');
  return {
    id: integer('id', id, ID),
    name: text('name', name, 100),
    country: countryOf({ code: country }),
    population: integer('population', population, POPULATION),
    position: {
      latitude: number('position.latitude', latitude, { least: -90, most: 90 }),
      longitude: number('position.longitude', longitude, { least: -180, most: 180 }),
    },
  };
}

function objectOf(value: unknown, name = 'The body'): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  const hint = name === 'The body' ? ' It is sent with Content-Type: application/json.' : '';
  throw badRequest(`${name} must be a JSON object.${hint}`);
}

function text(name: string, value: unknown, most: number): string {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= most) return value.trim();
  throw badRequest(`${name} must be a text of 1 to ${most} characters; got ${shown(value)}.`);
}

function integer(name: string, value: unknown, range: Range): number {
  if (Number.isInteger(value)) return number(name, value, range);
  throw badRequest(`${name} must be an integer; got ${shown(value)}.`);
}

function number(name: string, value: unknown, { least, most }: Range): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw badRequest(`${name} must be a number from ${least} to ${most}; got ${shown(value)}.`);
}

/** Query and path are strings. A value that is not a number is returned as it is, for the message. */
function numeric(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d{1,10}(?:\.\d{1,15})?$/.test(value)
    ? Number(value)
    : value;
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 50);
}
