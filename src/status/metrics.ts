import type { Sample } from './metric.ts';
import { METRICS } from './metric-catalogue.ts';
import type { Status } from './model.ts';

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function line(name: string, { labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escape(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

/** The status in Prometheus' text format, version 0.0.4. */
export function renderMetrics(status: Status): string {
  return METRICS.flatMap(({ name, help, kind, samples }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${kind}`,
    ...samples(status).map((sample) => line(name, sample)),
  ])
    .join('\n')
    .concat('\n');
}
