/** A short Swagger 2.0 document of the paths and their bodies, for tools that want one. */
import type { Field } from './bodies.ts';

const TYPES: Readonly<Record<Field['kind'], Readonly<Record<string, unknown>>>> = {
  int: { type: 'integer', format: 'int32' },
  long: { type: 'integer', format: 'int64' },
  enum: { type: 'integer', format: 'int32' },
  number: { type: 'number', format: 'double' },
  bool: { type: 'boolean' },
  text: { type: 'string' },
  time: { type: 'string', format: 'date-time' },
  ints: { type: 'array', items: { type: 'integer', format: 'int32' } },
  object: { type: 'object' },
};

export function swaggerDocument(
  endpoints: readonly { readonly path: string; readonly fields: readonly Field[] }[],
): unknown {
  const paths: Record<string, unknown> = {
    '/api/Status/ping': { get: { tags: ['Status'], responses: { 200: { description: 'pong' } } } },
  };
  for (const { path, fields } of endpoints) {
    paths[path] = {
      post: {
        tags: [path.split('/')[2]],
        parameters: [{ in: 'body', name: 'request', schema: schemaOf(fields) }],
        responses: { 200: { description: 'Success' }, 401: { description: 'Unauthorized' } },
      },
    };
  }
  return { swagger: '2.0', info: { title: 'Simulated gateway', version: 'v1' }, paths };
}

function schemaOf(fields: readonly Field[]): Readonly<Record<string, unknown>> {
  const required = fields.filter((field) => field.isOptional !== true).map(({ name }) => name);
  return {
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(
      fields.map(({ name, kind, fields: inner }) => [
        name,
        inner === undefined ? TYPES[kind] : schemaOf(inner),
      ]),
    ),
  };
}
