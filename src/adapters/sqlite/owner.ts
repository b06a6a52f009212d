import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

import { z } from 'zod';

/** One process that may hold a lease, told apart from every other one. */
export interface Owner {
  /** Host name. */
  readonly host: string;
  /** Which boot of the host; Linux only. */
  readonly bootId?: string;
  /** Which process id namespace `pid` counts in; Linux only. */
  readonly pidNamespace?: string;
  readonly pid: number;
  /** When the process started, ISO 8601. */
  readonly startedAt: string;
  /** When the process started, in clock ticks since the boot; Linux only. */
  readonly startTicks?: number;
  /** Random: no two owners share it. */
  readonly id: string;
}

/** The shape of an owner that was written down. */
export const ownerShape: z.ZodType<Owner> = z.object({
  host: z.string(),
  bootId: z.string().exactOptional(),
  pidNamespace: z.string().exactOptional(),
  // Zero and negative numbers name whole process groups to `kill`.
  pid: z.int().positive(),
  startedAt: z.string(),
  startTicks: z.number().exactOptional(),
  id: z.string(),
} satisfies { readonly [K in keyof Owner]-?: z.ZodType });

/** This process as an owner; each call is an owner of its own. */
export function thisProcess(): Owner {
  const bootId = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const pidNamespace = attempt(() => readlinkSync('/proc/self/ns/pid'));
  const startTicks = startTicksOf('self');
  return {
    host: hostname(),
    ...(bootId !== undefined && { bootId }),
    ...(pidNamespace !== undefined && { pidNamespace }),
    pid: process.pid,
    startedAt: new Date(performance.timeOrigin).toISOString(),
    ...(startTicks !== undefined && { startTicks }),
    id: crypto.randomUUID(),
  };
}

/** Whether the process of `owner` provably exists no more, as seen from `self`; false when unsure. */
export function isGone(owner: Owner, self: Owner): boolean {
  if (owner.host !== self.host || owner.bootId !== self.bootId) return false;
  if (owner.pidNamespace !== self.pidNamespace) return namesOneContainer(owner.host);
  if (owner.pid === self.pid) return startsDiffer(owner, self);
  return !exists(owner.pid) || wasReused(owner);
}

/**
 * Docker names a container's host after the container's id. Such a host has one process id namespace at a
 * time, so an owner in another one lived before the container was restarted.
 */
function namesOneContainer(host: string): boolean {
  return /^[0-9a-f]{12}$/.test(host);
}

function startsDiffer(owner: Owner, self: Owner): boolean {
  if (owner.startTicks !== undefined && self.startTicks !== undefined) {
    return owner.startTicks !== self.startTicks;
  }
  return owner.startedAt !== self.startedAt;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

function wasReused(owner: Owner): boolean {
  const startTicks = startTicksOf(owner.pid);
  return owner.startTicks !== undefined && startTicks !== undefined && owner.startTicks !== startTicks;
}

/** Field 22 of /proc/…/stat; counted behind the command's name, which may hold spaces and brackets. */
function startTicksOf(pid: number | 'self'): number | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const ticks = Number(stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  return Number.isSafeInteger(ticks) ? ticks : undefined;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
