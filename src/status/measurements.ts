import type { Measurement } from '../controller/metric-sink.ts';
import { METRICS } from './metric-catalogue.ts';
import type { Status } from './model.ts';

/** As dimensions are usually written in CloudWatch. */
const capitalised = (label: string): string => `${label.charAt(0).toUpperCase()}${label.slice(1)}`;

/** What is published of the status, counters first: none without the installation as a dimension. */
export function measurementsOf(status: Status): readonly Measurement[] {
  return METRICS.filter(({ published }) => published)
    .toSorted((a, b) => a.kind.localeCompare(b.kind))
    .flatMap(({ name, kind, unit, samples }) =>
      samples(status).map(({ labels, value }) => ({
        metric: name,
        kind,
        unit,
        dimensions: {
          Installation: status.installation,
          ...Object.fromEntries(Object.entries(labels).map(([label, text]) => [capitalised(label), text])),
        },
        value,
      })),
    );
}
