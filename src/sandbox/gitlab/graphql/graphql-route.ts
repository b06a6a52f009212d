import {
  buildSchema,
  type DocumentNode,
  execute,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  type GraphQLSchema,
  parse,
} from 'graphql';
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { givenToken } from '../access.ts';
import type { Double } from '../double.ts';
import { jsonBody } from '../parameters.ts';
import { complexityOf } from './complexity.ts';
import { queryRoot } from './query-root.ts';
import { schemaDocument } from './schema-document.ts';
import { mistakesOf } from './validation.ts';
import { Viewer } from './viewer.ts';

/** In characters (app/controllers/graphql_controller.rb). */
const LONGEST_QUERY = 10_000;

/** GitLab's limits for nobody in particular, for users and for administrators (app/graphql/gitlab_schema.rb). */
const MOST_COMPLEX = { anonymous: 200, user: 250, administrator: 300 };

const requestSchema = z.looseObject({
  query: z.string().default(''),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
});
type Request = z.output<typeof requestSchema>;

/** GitLab's GraphQL. Whatever is wrong with a query is told with 200; only who may not ask gets another status. */
export function graphqlRoute(app: Hono, double: Double): void {
  const schema = buildSchema(schemaDocument(double.version));

  app.post('/api/graphql', async (context) => {
    const viewer = viewerOf(context, double);
    if (viewer === undefined) return context.json({ errors: [{ message: 'Invalid token' }] }, 401);
    const asked = requestSchema.safeParse(await jsonBody(context));
    const request = asked.success ? asked.data : { query: '' };
    if (request.query.length > LONGEST_QUERY) {
      return context.json({ errors: [{ message: 'Query too large' }] }, 422);
    }
    return context.json(await answerTo(request, schema, viewer));
  });
}

/** Who asks; undefined for a token that is no good here: GitLab tells no reason. */
function viewerOf(context: Context, double: Double): Viewer | undefined {
  const text = givenToken(context);
  if (text === undefined) return new Viewer(double, undefined);
  const token = double.tokens.find(text);
  if (token === undefined) return undefined;
  const standing = double.tokens.standing(token);
  if (standing === 'revoked') double.tokens.revokeFamily(token);
  const reads = token.scopes.includes('api') || token.scopes.includes('read_api');
  if (standing !== 'active' || !reads || double.tokens.isBlocked(token)) return undefined;
  double.tokens.used(token);
  return new Viewer(double, token);
}

async function answerTo(request: Request, schema: GraphQLSchema, viewer: Viewer) {
  const document = documentOf(request.query);
  if (document instanceof GraphQLError) return { errors: [document] };
  const mistakes = mistakesOf(schema, document);
  if (mistakes.length > 0) return { errors: mistakes };
  const refusal = tooComplex(document, request, schema, viewer);
  if (refusal !== undefined) return { errors: [{ message: refusal }] };
  return execute({
    schema,
    document,
    rootValue: queryRoot(viewer),
    variableValues: request.variables ?? {},
    operationName: request.operationName ?? null,
  });
}

function documentOf(query: string): DocumentNode | GraphQLError {
  try {
    return parse(query);
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}

/** What GitLab says of a query that is too complex. */
function tooComplex(
  document: DocumentNode,
  { operationName, variables }: Request,
  schema: GraphQLSchema,
  viewer: Viewer,
): string | undefined {
  const operation = getOperationAST(document, operationName ?? null);
  if (operation == null) return undefined;
  const values = getVariableValues(schema, operation.variableDefinitions ?? [], variables ?? {});
  if (values.variableValues === undefined) return undefined;
  const complexity = complexityOf(schema, document, operation, values.variableValues);
  const most = MOST_COMPLEX[mostOf(viewer)];
  if (complexity <= most) return undefined;
  return `Query has complexity of ${complexity}, which exceeds max complexity of ${most}`;
}

function mostOf({ token, isAdmin }: Viewer): keyof typeof MOST_COMPLEX {
  if (token === undefined) return 'anonymous';
  return isAdmin ? 'administrator' : 'user';
}
