import type { JobVariable } from './job.ts';

const REFERENCE = /\$(?:\{(\w+)\}|(\w+)|\$)/g;
const DEPTH = 10;

/**
 * The environment of a job's scripts. A reference to another variable, `$NAME` or `${NAME}`, is
 * replaced, except in raw variables; of two variables of one name the later counts. A file variable
 * holds the path that `pathOf` gives.
 */
export function environmentOf(
  variables: readonly JobVariable[],
  pathOf: (key: string) => string,
): Readonly<Record<string, string>> {
  const byKey = new Map(variables.map((variable) => [variable.key, variable]));
  const valueOf = (variable: JobVariable, depth: number): string => {
    if (variable.file) return pathOf(variable.key);
    if (variable.raw || depth === 0) return variable.value;
    return variable.value.replace(REFERENCE, (reference: string, braced?: string, plain?: string) => {
      const name = braced ?? plain;
      if (name === undefined) return reference;
      const other = byKey.get(name);
      return other === undefined ? '' : valueOf(other, depth - 1);
    });
  };
  return Object.fromEntries([...byKey].map(([key, variable]) => [key, valueOf(variable, DEPTH)]));
}
