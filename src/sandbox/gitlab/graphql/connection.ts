import { Buffer } from 'node:buffer';
import { GraphQLError } from 'graphql';

/** GitLab gives no larger page, whatever is asked for. */
export const MOST_PER_PAGE = 100;

/** Which page of a connection is asked for. */
export interface PageArguments {
  readonly first?: number | null;
  readonly last?: number | null;
  readonly after?: string | null;
  readonly before?: string | null;
}

/** A page of things and how it lies among the others. */
export interface Connection<Item> {
  readonly nodes: readonly Item[];
  readonly edges: readonly { readonly cursor: string; readonly node: Item }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  count(asked?: { readonly limit?: number }): number;
}

/** The asked page of what is ordered by id, newest first. */
export function connectionOf<Item extends { readonly id: number }>(
  all: readonly Item[],
  asked: PageArguments,
): Connection<Item> {
  const after = idIn(asked.after);
  const before = idIn(asked.before);
  const between = all.filter(
    ({ id }) => (after === undefined || id < after) && (before === undefined || id > before),
  );
  const size = Math.min(asked.first ?? asked.last ?? MOST_PER_PAGE, MOST_PER_PAGE);
  const fromEnd = asked.first == null && asked.last != null;
  const nodes = fromEnd ? between.slice(Math.max(0, between.length - size)) : between.slice(0, size);
  const more = between.length > nodes.length;
  const [first] = nodes;
  const last = nodes.at(-1);
  return {
    nodes,
    edges: nodes.map((node) => ({ cursor: cursorOf(node.id), node })),
    pageInfo: {
      hasNextPage: fromEnd ? before !== undefined : more,
      hasPreviousPage: fromEnd ? more : after !== undefined,
      startCursor: first === undefined ? null : cursorOf(first.id),
      endCursor: last === undefined ? null : cursorOf(last.id),
    },
    // A limited count says one more than its limit for whatever is beyond.
    count: (limited) => Math.min(all.length, (limited?.limit ?? Infinity) + 1),
  };
}

/** The same page of other things. */
export function mapped<Item, Node>(page: Connection<Item>, make: (item: Item) => Node): Connection<Node> {
  const edges = page.edges.map(({ cursor, node }) => ({ cursor, node: make(node) }));
  return { ...page, edges, nodes: edges.map(({ node }) => node) };
}

function cursorOf(id: number): string {
  return Buffer.from(JSON.stringify({ id: String(id) })).toString('base64url');
}

function idIn(cursor: string | null | undefined): number | undefined {
  if (cursor == null || cursor === '') return undefined;
  const id = /"id":"(\d+)"/.exec(Buffer.from(cursor, 'base64url').toString('utf8'))?.[1];
  if (id === undefined) throw new GraphQLError('Please provide a valid cursor');
  return Number(id);
}
