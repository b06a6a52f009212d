/** What GitLab names by global ids, by the name of its model. */
export type Kind =
  'User' | 'Project' | 'Group' | 'Ci::Build' | 'Ci::Pipeline' | 'Ci::Runner' | 'Ci::RunnerManager';

/** The id of a thing in all of GitLab, such as `gid://gitlab/Ci::Build/7`. */
export function globalId(kind: Kind, id: number): string {
  return `gid://gitlab/${kind}/${id}`;
}

/** The number in the global id of such a thing; throws in GitLab's words for anything else. */
export function numberIn(text: unknown, kind: Kind): number {
  const [, found, id] = /^gid:\/\/gitlab\/([\w:]+)\/(\d+)$/.exec(String(text)) ?? [];
  if (id === undefined) throw new TypeError(`"${String(text)}" is not a valid Global ID`);
  if (found !== kind) throw new TypeError(`"${String(text)}" does not represent an instance of ${kind}`);
  return Number(id);
}
