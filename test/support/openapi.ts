import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Exchange } from '../../src/sandbox/gitlab/exchange.ts';
import {
  ANSWERED_AS_ARRAY,
  ANSWERED_EVERYWHERE,
  ANSWERED_TOO,
  ASKED_SOMETIMES,
  ASKED_TOO,
  BODY_IN_QUERY,
  NOT_IN_THE_SUBSET,
  QUERY_IN_BODY,
  SENT_BEYOND,
  SENT_OTHERWISE,
  SENT_TOO,
} from './openapi-looseness.ts';

const schemaSchema = z.record(z.string(), z.unknown());
type Schema = z.output<typeof schemaSchema>;

const content = z.record(z.string(), z.object({ schema: schemaSchema })).optional();
const operationSchema = z.object({
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.enum(['path', 'query']),
        required: z.boolean().optional(),
        schema: schemaSchema,
      }),
    )
    .default([]),
  requestBody: z.object({ required: z.boolean().default(false), content }).optional(),
  responses: z.record(z.string(), z.object({ content })),
});
type Operation = z.output<typeof operationSchema>;

const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.object({ schemas: z.record(z.string(), schemaSchema) }),
});

/** One operation of the document, ready to check. */
interface Checks {
  readonly name: string;
  readonly path: RegExp;
  readonly operation: Operation;
  readonly query: ValidateFunction;
  readonly body: ValidateFunction | undefined;
  readonly answers: ReadonlyMap<number, ValidateFunction | undefined>;
}

const JSON_TYPE = 'application/json';
const refusalSchema = z.strictObject({
  message: z.string().optional(),
  error: z.string().optional(),
  error_description: z.string().optional(),
  scope: z.string().optional(),
});

function compile(): readonly Checks[] {
  const file = new URL('../fixtures/gitlab-openapi-subset.yaml', import.meta.url);
  const document = documentSchema.parse(parse(readFileSync(file, 'utf8')));
  const ajv = validator(document.components.schemas, {});
  // What stands in a query is text: only its reading as number or truth can be checked.
  const texts = validator(document.components.schemas, { coerceTypes: 'array' });
  return Object.entries(document.paths)
    .flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => checksOf(method, path, operation, ajv, texts)),
    )
    .toSorted((one, other) => placeholders(one) - placeholders(other));
}

/** Compiled with the module: no test has to wait for it. */
const CHECKS: readonly Checks[] = compile();

/** Checks exchanges with GitLab against the part of GitLab's own OpenAPI document that this project uses. */
export class OpenApi {
  readonly #problems: string[] = [];

  /** Remembers what does not conform; pass it to the double as its `observe`. */
  readonly observe = (exchange: Exchange): void => {
    this.#problems.push(...this.check(exchange));
  };

  /** Everything that did not conform so far. */
  problems(): readonly string[] {
    return this.#problems;
  }

  /** What does not conform in one exchange. */
  check(exchange: Exchange): string[] {
    const found = CHECKS.find(
      ({ name, path }) => name.startsWith(`${exchange.method} `) && path.test(exchange.path),
    );
    if (isLeftOut(exchange, found)) return [];
    if (found === undefined) return [`${exchange.method} ${exchange.path}: no such operation`];
    const problems = [
      ...queryProblems(exchange, found),
      ...bodyProblems(exchange, found),
      ...answerProblems(exchange, found),
    ];
    return problems.map((problem) => `${found.name}: ${problem}`);
  }
}

/** Paths with fewer come first: `/runners/managers` is not a runner of that id. */
function placeholders({ name }: Pick<Checks, 'name'>): number {
  return name.split('{').length;
}

/** Whether the subset leaves the operation out: where one that it has fits as well, the closer one is meant. */
function isLeftOut({ method, path }: Exchange, found: Checks | undefined): boolean {
  return [...NOT_IN_THE_SUBSET]
    .filter((name) => found === undefined || placeholders({ name }) < placeholders(found))
    .some((name) => pathOf(name).test(`${method} ${path}`));
}

function queryProblems(exchange: Exchange, { name, query }: Checks): string[] {
  // GitLab refuses bad parameters itself: what a test sends on purpose is no problem of the double.
  if (exchange.status === 400) return [];
  const given: Record<string, unknown> = {};
  for (const [key, value] of exchange.query) {
    const list = given[key.replace('[]', '')];
    if (key.endsWith('[]')) given[key.replace('[]', '')] = [...(Array.isArray(list) ? list : []), value];
    else given[key] = value;
  }
  const inBody = QUERY_IN_BODY.has(name) ? schemaSchema.safeParse(exchange.requestBody).data : {};
  return query({ ...inBody, ...given }) ? [] : errorsOf('query', query);
}

function bodyProblems(exchange: Exchange, { name, operation, body }: Checks): string[] {
  if (exchange.status === 400 || QUERY_IN_BODY.has(name) || name in BODY_IN_QUERY) return [];
  if (exchange.requestBody === undefined) {
    const missing = operation.requestBody?.required === true && exchange.status < 400;
    return missing ? ['body: missing'] : [];
  }
  if (body === undefined) return ['body: none is documented'];
  return body(exchange.requestBody) ? [] : errorsOf('body', body);
}

function answerProblems(exchange: Exchange, { name, answers }: Checks): string[] {
  const { status, responseBody, responseType } = exchange;
  const extra = ANSWERED_EVERYWHERE.has(status) || ANSWERED_TOO[name]?.includes(status) === true;
  if (!answers.has(status) && !extra) return [`answer: status ${status} is not documented`];
  if (status === 204) return responseBody === undefined ? [] : ['answer: 204 with a body'];
  if (!responseType.startsWith(JSON_TYPE)) return [`answer: ${responseType} where JSON is due`];
  return status >= 400
    ? refusalProblems(responseBody, status)
    : schemaProblems(responseBody, answers.get(status));
}

function schemaProblems(body: unknown, validate: ValidateFunction | undefined): string[] {
  return validate === undefined || validate(body) ? [] : errorsOf('answer', validate);
}

function refusalProblems(body: unknown, status: number): string[] {
  // GitLab answers an update of a job with its bare status.
  return body === status || refusalSchema.safeParse(body).success
    ? []
    : ['answer: not the body of a refusal'];
}

function errorsOf(where: string, validate: ValidateFunction): string[] {
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    return `${where}${instancePath} ${message ?? 'is wrong'} ${JSON.stringify(params)}`;
  });
}

function checksOf(method: string, path: string, operation: Operation, ajv: Ajv, texts: Ajv): Checks {
  const name = `${method.toUpperCase()} ${path}`;
  const bodySchema = operation.requestBody?.content?.[JSON_TYPE]?.schema;
  const answers = Object.entries(operation.responses).map(([status, response]) => {
    const schema = response.content?.[JSON_TYPE]?.schema;
    return [
      Number(status),
      schema === undefined ? undefined : ajv.compile(answerSchema(name, schema)),
    ] as const;
  });
  return {
    name,
    path: pathOf(path),
    operation,
    query: texts.compile(querySchema(name, operation)),
    body: bodySchema === undefined ? undefined : ajv.compile(withExtra(name, bodySchema, ajv)),
    answers: new Map(answers),
  };
}

/** What fits a path with placeholders. */
function pathOf(template: string): RegExp {
  return new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`);
}

function answerSchema(name: string, schema: Schema): Schema {
  const converted = jsonSchema(schema, '');
  return ANSWERED_AS_ARRAY.has(name) ? { type: 'array', items: converted } : converted;
}

function querySchema(name: string, operation: Operation): Schema {
  const parameters = operation.parameters.filter((parameter) => parameter.in === 'query');
  const extra = [...(ASKED_TOO[name] ?? []), ...(BODY_IN_QUERY[name] ?? [])];
  return {
    type: 'object',
    properties: {
      ...Object.fromEntries(
        parameters.map((parameter) => [parameter.name, jsonSchema(parameter.schema, '')]),
      ),
      ...Object.fromEntries(extra.map((parameter) => [parameter, {}])),
    },
    required: parameters.filter(({ required }) => required === true).map((parameter) => parameter.name),
    additionalProperties: false,
  };
}

/** A body's schema that lets pass what is sent beyond it, and what is left out of it. */
function withExtra(name: string, schema: Schema, ajv: Ajv): Schema {
  const extra = SENT_TOO[name] ?? [];
  const optional = ASKED_SOMETIMES[name] ?? [];
  if (extra.length + optional.length === 0) return jsonSchema(schema, '');
  const referred = schemaSchema.parse(ajv.getSchema(reference(String(schema['$ref'])))?.schema);
  const required = z.array(z.string()).default([]).parse(referred['required']);
  const asked: Schema = { ...referred, required: required.filter((one) => !optional.includes(one)) };
  return extra.reduce((allowed, path) => allow(allowed, path.split('.')), asked);
}

function allow(schema: Schema, [name = '', ...inside]: readonly string[]): Schema {
  const properties = schemaSchema.parse(schema['properties']);
  const property = inside.length === 0 ? {} : allow(schemaSchema.parse(properties[name]), inside);
  return { ...schema, properties: { ...properties, [name]: property } };
}

function validator(schemas: Readonly<Record<string, Schema>>, options: { coerceTypes?: 'array' }): Ajv {
  const ajv = new Ajv({ strict: false, allErrors: true, ...options });
  ajv.addFormat('date-time', (text: string) => !Number.isNaN(Date.parse(text)));
  for (const format of ['int32', 'int64', 'float', 'double']) ajv.addFormat(format, true);
  const converted = Object.entries(schemas).map(([name, schema]) => [name, jsonSchema(schema, name)]);
  ajv.addSchema({ $id: 'gitlab', components: { schemas: Object.fromEntries(converted) } });
  return ajv;
}

/**
 * OpenAPI 3.0 as JSON Schema. Objects are closed, so that an unknown name is an error; `name` is the
 * component that the schema is part of, if any.
 */
function jsonSchema(schema: Schema, name: string): Schema {
  if (typeof schema['$ref'] === 'string') return { $ref: reference(schema['$ref']) };
  const choices = schemaSchema.array().safeParse(schema['oneOf']);
  if (choices.success) return { anyOf: choices.data.map((choice) => jsonSchema(choice, name)) };
  const items = schemaSchema.safeParse(schema['items']);
  if (items.success) return { type: 'array', items: jsonSchema(items.data, name) };
  const properties = z.record(z.string(), schemaSchema).safeParse(schema['properties']);
  if (properties.success) return objectSchema(schema, properties.data, name);
  const { type, enum: values, pattern, format, minLength, maxLength } = schema;
  return Object.fromEntries(
    Object.entries({ type, enum: values, pattern, format, minLength, maxLength }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

function objectSchema(schema: Schema, properties: Readonly<Record<string, Schema>>, name: string): Schema {
  const converted = Object.entries(properties).map(([key, property]) => {
    const other = SENT_OTHERWISE[`${name}.${key}`];
    return [key, orNull(other ?? jsonSchema(property, name), property, name)];
  });
  return {
    type: 'object',
    properties: { ...Object.fromEntries(converted), ...SENT_BEYOND[name] },
    additionalProperties: false,
    ...(schema['required'] === undefined ? {} : { required: schema['required'] }),
  };
}

/** Properties of answers may be null (head of the fixture), those of requests where the document says so. */
function orNull(converted: Schema, property: Schema, name: string): Schema {
  const nullable = property['nullable'] === true || !name.startsWith('RequestBody_');
  if (!nullable || Object.keys(converted).length === 0) return converted;
  const { type, enum: values } = converted;
  if (typeof type !== 'string') return { anyOf: [{ type: 'null' }, converted] };
  return {
    ...converted,
    type: [type, 'null'],
    ...(Array.isArray(values) ? { enum: [...values, null] } : {}),
  };
}

function reference(openApi: string): string {
  return openApi.replace('#/', 'gitlab#/');
}
