/** What the configuration names: full paths or ids. */
export interface NamedPlaces {
  readonly projects: readonly string[];
  readonly groups: readonly string[];
}

/**
 * Whether a webhook's project is watched: by its id or path, by a group that its path lies in, or because `known` says
 * so, for groups that are named by their ids.
 */
export function watchesPlace(
  { projects, groups }: NamedPlaces,
  known: (project: number) => boolean,
): (project: { readonly id: number; readonly path?: string }) => boolean {
  const watched = new Set(projects.map((project) => project.toLowerCase()));
  const within = groups.map((group) => `${group.toLowerCase()}/`);
  return ({ id, path = '' }) => {
    const full = path.toLowerCase();
    if (watched.has(String(id)) || watched.has(full)) return true;
    return within.some((group) => full.startsWith(group)) || known(id);
  };
}
