import { Buffer } from 'node:buffer';
import type { Context } from 'hono';
import { badRequest, Refusal } from './refusal.ts';

interface Page<Item> {
  readonly items: readonly Item[];
  readonly headers: Record<string, string>;
}

const MOST_PER_PAGE = 100;
/** GitLab counts no further. */
const MOST_COUNTED = 10_000;

/** The asked page of a list that is ordered by id, newest first: by number, or by keyset where asked. */
export function page<Item extends { readonly id: number }>(
  context: Context,
  base: string,
  all: readonly Item[],
): Page<Item> {
  const keyset = context.req.query('pagination') === 'keyset';
  return keyset ? keysetPage(context, base, all) : numberedPage(context, base, all);
}

/** The asked page of a list that GitLab pages by number only. */
export function numberedPage<Item>(context: Context, base: string, all: readonly Item[]): Page<Item> {
  const number = positive(context, 'page', 1);
  const size = pageSize(context);
  const last = Math.max(1, Math.ceil(all.length / size));
  const links: Record<string, number | undefined> = {
    prev: number > 1 ? number - 1 : undefined,
    next: number < last ? number + 1 : undefined,
    first: 1,
    last: all.length > MOST_COUNTED ? undefined : last,
  };
  const link = Object.entries(links).flatMap(([relation, to]) =>
    to === undefined ? [] : [linkTo(context, base, relation, { page: String(to), per_page: String(size) })],
  );
  const counted =
    all.length > MOST_COUNTED ? {} : { 'x-total': String(all.length), 'x-total-pages': String(last) };
  return {
    items: all.slice((number - 1) * size, number * size),
    headers: {
      link: link.join(', '),
      'x-page': String(number),
      'x-per-page': String(size),
      'x-next-page': links['next'] === undefined ? '' : String(links['next']),
      'x-prev-page': links['prev'] === undefined ? '' : String(links['prev']),
      ...counted,
    },
  };
}

function keysetPage<Item extends { readonly id: number }>(
  context: Context,
  base: string,
  all: readonly Item[],
): Page<Item> {
  const orderBy = context.req.query('order_by') ?? 'id';
  if (orderBy !== 'id') throw badRequest('order_by does not have a valid value');
  const ascending = context.req.query('sort') === 'asc';
  const ordered = ascending ? all.toReversed() : all;
  const after = cursorId(context.req.query('cursor'));
  const rest =
    after === undefined ? ordered : ordered.filter(({ id }) => (ascending ? id > after : id < after));
  const size = pageSize(context);
  const items = rest.slice(0, size);
  const last = items.at(-1);
  const headers: Record<string, string> = { 'x-per-page': String(size) };
  if (last !== undefined && rest.length > size) {
    headers['link'] = linkTo(context, base, 'next', { cursor: cursorOf(last.id), per_page: String(size) });
  }
  return { items, headers };
}

/** The asked page of projects, oldest first: by number, or by keyset where asked, which here goes by `id_after`. */
export function projectsPage<Item extends { readonly id: number }>(
  context: Context,
  base: string,
  oldestFirst: readonly Item[],
): Page<Item> {
  const ascending = context.req.query('sort') === 'asc';
  const ordered = ascending ? oldestFirst : oldestFirst.toReversed();
  if (context.req.query('pagination') !== 'keyset') return numberedPage(context, base, ordered);
  if ((context.req.query('order_by') ?? 'created_at') !== 'id') {
    throw new Refusal(405, { error: 'Keyset pagination is not yet available for this type of request' });
  }
  const bound = ascending ? 'id_after' : 'id_before';
  const from = context.req.query(bound);
  const rest =
    from === undefined
      ? ordered
      : ordered.filter(({ id }) => (ascending ? id > Number(from) : id < Number(from)));
  const size = pageSize(context);
  const items = rest.slice(0, size);
  const last = items.at(-1);
  if (last === undefined || rest.length <= size) return { items, headers: {} };
  return { items, headers: { link: linkTo(context, base, 'next', { [bound]: String(last.id) }) } };
}

function linkTo(
  context: Context,
  base: string,
  relation: string,
  change: Readonly<Record<string, string>>,
): string {
  const url = new URL(context.req.url);
  for (const [name, value] of Object.entries(change)) url.searchParams.set(name, value);
  return `<${base}${url.pathname}${url.search}>; rel="${relation}"`;
}

function cursorOf(id: number): string {
  return Buffer.from(JSON.stringify({ id: String(id), _kd: 'n' })).toString('base64url');
}

function cursorId(cursor: string | undefined): number | undefined {
  if (cursor === undefined || cursor === '') return undefined;
  const id = /"id":"(\d+)"/.exec(Buffer.from(cursor, 'base64url').toString('utf8'))?.[1];
  if (id === undefined) throw badRequest('cursor is invalid');
  return Number(id);
}

function pageSize(context: Context): number {
  return Math.min(positive(context, 'per_page', 20), MOST_PER_PAGE);
}

function positive(context: Context, name: string, fallback: number): number {
  const text = context.req.query(name);
  if (text === undefined) return fallback;
  if (!/^\d+$/.test(text)) throw badRequest(`${name} is invalid`);
  return Math.max(1, Number(text));
}
