/** The environment of this process, copied: the one place that reads it. */
export function environment(): Record<string, string | undefined> {
  return { ...process.env };
}
