/** Whether a branch or tag fits the name of a protection, in which `*` stands for any text. */
export function fitsPattern(ref: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return ref === first;
  if (!ref.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = ref.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return ref.length - last.length >= at && ref.endsWith(last);
}
