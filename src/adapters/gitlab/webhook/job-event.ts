import { z } from 'zod';
import type { JobEvent, Verdict } from './webhook-event.ts';

/** The statuses of a job that change what we know: it waits, runs, or has ended. */
const RELEVANT: readonly string[] = ['pending', 'running', 'canceling', 'success', 'failed', 'canceled'];

const kindShape = z.object({ object_kind: z.string() });

const jobShape = z.object({
  object_kind: z.literal('build'),
  project_id: z.int().positive(),
  pipeline_id: z.int().positive(),
  // Whatever a newer GitLab may call one, but no prose: it is logged.
  build_status: z.string().regex(/^[a-z0-9_]{1,64}$/),
});

const pathShape = z.object({ project: z.object({ path_with_namespace: z.string() }) });

/** A project, as a webhook names it. */
export interface NamedProject {
  readonly id: number;
  readonly path?: string;
}

/** What a verified webhook of this event type and body comes to. */
export function judgeEvent(
  event: string | null,
  body: Uint8Array,
  watches: (project: NamedProject) => boolean,
): Verdict {
  // Bodies of other events may be large and are not for us to judge.
  if (event !== null && event !== 'Job Hook') return { outcome: 'ignored', because: 'other-event' };
  const document = parse(body);
  if (document === undefined) return { outcome: 'rejected', because: 'invalid-json' };
  if (isOtherKind(document)) return { outcome: 'ignored', because: 'other-event' };
  const job = jobShape.safeParse(document);
  if (!job.success) return { outcome: 'rejected', because: 'invalid-shape' };
  const { project_id: project, pipeline_id: pipeline, build_status: status } = job.data;
  return judgeJob({ project, pipeline, status }, watches(namedProject(project, document)));
}

function judgeJob(job: JobEvent, watched: boolean): Verdict {
  if (!watched) return { outcome: 'ignored', because: 'unwatched-project', ...job };
  if (!RELEVANT.includes(job.status)) return { outcome: 'ignored', because: 'status', ...job };
  return { outcome: 'accepted', ...job };
}

/** Undefined for what is no JSON; no JSON document is undefined. */
function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

function isOtherKind(document: unknown): boolean {
  const kind = kindShape.safeParse(document);
  return kind.success && kind.data.object_kind !== 'build';
}

function namedProject(id: number, document: unknown): NamedProject {
  const named = pathShape.safeParse(document);
  return named.success ? { id, path: named.data.project.path_with_namespace } : { id };
}
