import * as v from 'valibot';

import { suggestion } from '../base/options/nearest-name.js';
import { json } from './values.js';

/** Markers of messages that do not describe allowed values. */
export const UNKNOWN = 'unknown: ';
/** @internal */
export const MISSING = 'missing';

/** @internal */
export const plainObject = v.custom<object>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'an object',
);

/**
 * An object without unknown names. It reports all errors, whereas valibot's `strictObject` reports only
 * one unknown name.
 *
 * @internal
 */
export function object<E extends v.ObjectEntries>(
  entries: E,
): v.GenericSchema<object, v.InferOutput<v.ObjectSchema<E, string>>> {
  const inner = v.object(entries, MISSING);
  const known = Object.keys(entries);
  return v.pipe(
    plainObject,
    v.rawTransform<object, v.InferOutput<typeof inner>>(({ dataset, addIssue, NEVER }) => {
      const given = dataset.value;
      const unknown = Object.keys(given).filter((name) => !known.includes(name));
      for (const key of unknown) {
        const path = {
          type: 'object',
          origin: 'key',
          input: given,
          key,
          value: undefined,
        } as const;
        addIssue({ message: UNKNOWN + suggestion(key, known), path: [path as never] });
      }
      const result = v.safeParse(inner, given);
      for (const { message, input, path } of result.issues ?? []) {
        addIssue({ message, input, path: path as never });
      }
      return result.success && unknown.length === 0 ? result.output : NEVER;
    }),
    json({
      type: 'object',
      properties: Object.fromEntries(
        Object.entries(entries).map(([name, entry]) => [name, jsonOf(entry)]),
      ),
      required: known.filter((name) => entries[name]?.type !== 'optional'),
      additionalProperties: false,
    }),
  );
}

/**
 * `false`, or a value. Unlike a union, it reports the errors inside the value.
 *
 * @internal
 */
export const orFalse = <S extends v.GenericSchema>(
  schema: S,
  allowed: string,
): v.GenericSchema<unknown, v.InferOutput<S> | false> =>
  v.pipe(
    v.lazy((given): v.GenericSchema<unknown, v.InferOutput<S> | false> =>
      typeof given === 'boolean' ? v.literal(false, allowed) : (schema as never),
    ),
    json({ anyOf: [jsonOf(schema), { const: false }] }),
  );

/** @internal */
export const list = <S extends v.GenericSchema>(
  item: S,
  minItems: number,
  maxItems: number,
): v.GenericSchema<unknown[], v.InferOutput<S>[]> => {
  const allowed = `a list of ${String(minItems)} to ${String(maxItems)}`;
  return v.pipe(
    v.array(item, allowed),
    v.minLength(minItems, allowed),
    v.maxLength(maxItems, allowed),
    json({ type: 'array', items: jsonOf(item), minItems, maxItems }),
  );
};

/** @internal */
export const oneOf = <const T extends readonly string[]>(
  names: T,
): v.GenericSchema<string, T[number]> => {
  const quoted = names.map((name) => `'${name}'`);
  const allowed = `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1) ?? ''}`;
  return v.pipe(v.picklist(names, allowed), json({ enum: names }));
};

/**
 * The JSON Schema of a schema.
 *
 * @internal
 */
export function jsonOf(schema: object): object {
  if ('wrapped' in schema) {
    const { wrapped, default: value } = schema as { wrapped: object; default?: unknown };
    const isShown = value !== undefined && typeof value !== 'object';
    return { ...jsonOf(wrapped), ...(isShown && { default: value }) };
  }
  return v.getMetadata(schema as v.GenericSchema)['json'] as object;
}
