import { buildSchema, getOperationAST, getVariableValues, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { complexityOf } from './complexity.ts';
import { schemaDocument } from './schema-document.ts';

const schema = buildSchema(schemaDocument('19.5.0'));

const complexity = (query: string, variables: Record<string, unknown> = {}): number => {
  const document = parse(query);
  const operation = getOperationAST(document);
  if (operation == null) throw new Error('no operation');
  const values = getVariableValues(schema, operation.variableDefinitions ?? [], variables);
  if (values.variableValues === undefined) throw new Error('wrong variables');
  return complexityOf(schema, document, operation, values.variableValues);
};

describe('the complexity of a query', () => {
  it.each([
    ['one for each field', '{ currentUser { id username } metadata { version } }', 5],
    ['1 % more for each item of a page', '{ jobs(first: 20) { nodes { id name tags } } }', 6],
    ['twice as much for a page of 100', '{ jobs(first: 100) { nodes { id name tags } } }', 10],
    ['a page of 100 where none is asked for, and where more is', '{ jobs(first: 900) { nodes { id } } }', 6],
    ['a page from the end likewise', '{ jobs(last: 50) { nodes { id } } }', 4],
    [
      'ten more for the projects of a group',
      '{ group(fullPath: "a") { projects(first: 1) { nodes { id } } } }',
      14,
    ],
    ['what fragments ask for', '{ jobs { nodes { ... on CiJob { runnerManager { id } } id } } }', 10],
    [
      'what named fragments ask for',
      '{ jobs { nodes { ...F } } } fragment F on CiJobInterface { id name }',
      8,
    ],
    ['what is asked for twice only once', '{ metadata { version } metadata { version } }', 2],
    ['what has two names twice', '{ a: metadata { version } b: metadata { version } }', 4],
    ['pages within pages', '{ projects(first: 100) { nodes { jobs(first: 100) { nodes { id } } } } }', 16],
  ])('counts %s', (_what, query, expected) => {
    expect(complexity(query)).toBe(expected);
  });

  it('goes by the values of variables', () => {
    const query =
      'query($first: Int, $with: Boolean!) { jobs(first: $first) { nodes { id name @include(if: $with) } } }';
    expect(complexity(query, { first: 100, with: true })).toBe(8);
    expect(complexity(query, { first: 100, with: false })).toBe(6);
    expect(complexity(query, { first: 1, with: true })).toBe(4);
  });
});
