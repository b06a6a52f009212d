import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  GraphQLIncludeDirective,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  isAbstractType,
  isObjectType,
  Kind,
  type SelectionSetNode,
  type VariableValues,
} from 'graphql';
import { MOST_PER_PAGE } from './connection.ts';

/** What one item of a connection adds, as a part of what the connection costs without any. */
const ITEM_SHARE = 0.01;

/** Fields that cost more than one before what they hold; all others cost one. */
const DEAR: Readonly<Record<string, number>> = { 'Group.projects': 11 };

/**
 * What GitLab counts a query as. A field costs one and what is asked of it; a connection grows by 1 % of that for
 * each item of its page (app/graphql/types/base_field.rb and app/graphql/resolvers/base_resolver.rb).
 */
export function complexityOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: { readonly selectionSet: SelectionSetNode },
  variables: VariableValues,
): number {
  const query = schema.getQueryType();
  if (query == null) return 0;
  return new Costs(schema, document, variables).of([operation.selectionSet], query);
}

class Costs {
  readonly #schema: GraphQLSchema;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #variables: VariableValues;

  constructor(schema: GraphQLSchema, document: DocumentNode, variables: VariableValues) {
    this.#schema = schema;
    this.#variables = variables;
    this.#fragments = new Map(
      document.definitions.flatMap((definition) =>
        definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
      ),
    );
  }

  /** What is asked of a type: of an abstract one, the dearest of those that it may turn out to be. */
  of(selections: readonly SelectionSetNode[], type: GraphQLNamedType): number {
    const concrete = isAbstractType(type) ? this.#schema.getPossibleTypes(type) : [type].filter(isObjectType);
    return Math.max(0, ...concrete.map((one) => this.#ofObject(selections, one)));
  }

  #ofObject(selections: readonly SelectionSetNode[], type: GraphQLObjectType): number {
    const fields = new Map<string, FieldNode[]>();
    for (const selection of selections) this.#collect(selection, type, fields);
    return [...fields.values()].reduce((sum, nodes) => sum + this.#ofField(nodes, type), 0);
  }

  #ofField(nodes: readonly FieldNode[], type: GraphQLObjectType): number {
    const [node] = nodes;
    const field = node === undefined ? undefined : type.getFields()[node.name.value];
    if (node === undefined || field === undefined) return 1;
    const named = getNamedType(field.type);
    const inside = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const alone = (DEAR[`${type.name}.${field.name}`] ?? 1) + this.of(inside, named);
    if (!named.name.endsWith('Connection')) return alone;
    const asked = getArgumentValues(field, node, this.#variables);
    const items = [asked['first'], asked['last']].filter((size) => typeof size === 'number');
    return Math.trunc(alone + alone * Math.min(MOST_PER_PAGE, ...items) * ITEM_SHARE);
  }

  /** Fields by the name that the answer has them under, through fragments that apply to the type. */
  #collect(selection: SelectionSetNode, type: GraphQLObjectType, fields: Map<string, FieldNode[]>): void {
    for (const node of selection.selections) {
      if (!this.#isAsked(node)) continue;
      if (node.kind === Kind.FIELD) {
        const key = node.alias?.value ?? node.name.value;
        fields.set(key, [...(fields.get(key) ?? []), node]);
        continue;
      }
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? this.#fragments.get(node.name.value) : node;
      const condition = fragment?.typeCondition?.name.value;
      if (fragment !== undefined && this.#applies(condition, type)) {
        this.#collect(fragment.selectionSet, type, fields);
      }
    }
  }

  #applies(condition: string | undefined, type: GraphQLObjectType): boolean {
    if (condition === undefined || condition === type.name) return true;
    const named = this.#schema.getType(condition);
    return isAbstractType(named) && this.#schema.isSubType(named, type);
  }

  #isAsked(node: SelectionSetNode['selections'][number]): boolean {
    const skip = getDirectiveValues(GraphQLSkipDirective, node, this.#variables);
    const include = getDirectiveValues(GraphQLIncludeDirective, node, this.#variables);
    return skip?.['if'] !== true && include?.['if'] !== false;
  }
}
