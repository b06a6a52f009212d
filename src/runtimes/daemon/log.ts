import { pino } from 'pino';
import type { WebhookEvent } from '../../adapters/gitlab/webhook/webhook-event.ts';
import type { ControllerEvent, NoticedInterruption } from '../../controller/events.ts';
import { explainAction, explainAlarm } from '../../engine/explain.ts';
import type { Instruction } from '../../engine/instruction.ts';
import type { Outcome } from '../../engine/outcome.ts';

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** One line for the log: what happened, and the values that belong to it. */
export interface Line {
  readonly level: Level;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Where lines go. */
export interface Log {
  line(line: Line): void;
  setLevel(level: Level): void;
}

/** One JSON line of pino's as a line for people. */
export function plain(line: string): string {
  const parsed: unknown = JSON.parse(line);
  const { time, level, msg, ...fields }: Partial<Record<string, unknown>> = { ...Object(parsed) };
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${[String(time).slice(11, 19), String(level).padEnd(5), String(msg), ...pairs].join(' ')}\n`;
}

/** A log on standard output: JSON lines, or plain ones for people. */
export function openLog({ json, level }: { json: boolean; level: Level }): Log {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const out = json ? pino(options, pino.destination({ fd: 1, sync: true })) : pino(options, plainStream());
  return {
    line({ level: at, message, fields }) {
      out[at](fields, message);
    },
    setLevel(to) {
      out.level = to;
    },
  };
}

function plainStream() {
  const destination = pino.destination({ fd: 1, sync: true });
  return {
    write(text: string) {
      destination.write(plain(text));
    },
  };
}

/** Events that tell of a failure in their own words. */
const FAILURES: ReadonlySet<string> = new Set(['pass failed', 'lease lost', 'launch unanswered']);

function outcomeLine(outcome: Outcome): Line {
  const what = explainAction(outcome.action);
  const { pool } = outcome.action;
  if (!outcome.done) {
    const fields = { pool, why: outcome.why };
    // What shutting down kept from beginning has not failed: the next process decides anew.
    if (outcome.begun === false) return { level: 'info', message: `not begun: ${what}`, fields };
    return { level: 'error', message: `failed: ${what}`, fields };
  }
  const { launched, ordered, shortfalls = [], retried, left } = outcome;
  const short = shortfalls.length > 0 ? { shortfalls: shortfalls.map(({ code }) => code) } : {};
  // Groups are told to wait on at many passes: that is no change.
  const routine = outcome.action.do === 'heartbeat' ? 'debug' : 'info';
  const level = shortfalls.length > 0 ? 'warn' : routine;
  return {
    level,
    message: `done: ${what}`,
    fields: {
      pool,
      ...(launched !== undefined && { launched }),
      ...(ordered !== undefined && { ordered }),
      ...(retried !== undefined && { retried }),
      ...(left !== undefined && { left }),
      ...short,
    },
  };
}

function interruptionLine({ instance, pool, kind, heeded }: NoticedInterruption): Line {
  const what =
    kind === 'interruption'
      ? `EC2 takes ${instance} back`
      : `EC2 recommends to replace ${instance} (rebalance)`;
  return {
    level: 'info',
    message: heeded ? `${what}; it drains` : `${what}; its pool ignores that`,
    fields: { pool },
  };
}

function doneInWords(instruction: Instruction): string {
  if (instruction.kind === 'pause') return `pause of ${instruction.pool} is over`;
  if (instruction.kind === 'cycle') return `cycle of ${instruction.pool} done: all its instances are new`;
  return `${instruction.instance} is gone, as it was asked to be`;
}

/** A controller event as a line: one a change, none a poll. */
export function eventLine(event: ControllerEvent): Line {
  switch (event.event) {
    case 'decided':
      return {
        level: 'info',
        message: `decided: ${event.decision.summary}`,
        fields: { pool: event.decision.pool },
      };
    case 'acted':
      return outcomeLine(event.outcome);
    case 'alarm raised':
      return { level: 'warn', message: `alarm: ${explainAlarm(event.alarm)}`, fields: {} };
    case 'alarm cleared':
      return { level: 'info', message: `alarm over: ${explainAlarm(event.alarm)}`, fields: {} };
    case 'read failed':
      return { level: 'error', message: `reading ${event.source} failed`, fields: { why: event.why } };
    case 'upkeep failed':
      return { level: 'error', message: `upkeep of ${event.upkeep} failed`, fields: { why: event.why } };
    case 'interruption noticed':
      return interruptionLine(event.interruption);
    case 'boot failed':
      return { level: 'error', message: `${event.instance} did not boot`, fields: { why: event.why } };
    case 'order failed': {
      const { pool, failure } = event;
      const { code, message: why } = failure;
      return { level: 'warn', message: 'order failed', fields: { pool, code, why } };
    }
    case 'instruction done':
      return { level: 'info', message: doneInWords(event.instruction), fields: {} };
    default: {
      const { event: message, ...fields } = event;
      return { level: FAILURES.has(message) ? 'error' : 'info', message, fields };
    }
  }
}

/** A webhook as a line: refusals are warnings; what is routine is only seen at debug. */
export function webhookLine(event: WebhookEvent): Line {
  const { outcome, ...fields } = event;
  if (outcome === 'rejected') return { level: 'warn', message: 'webhook rejected', fields };
  if (
    event.outcome === 'ignored' &&
    (event.because === 'other-event' || event.because === 'unwatched-project')
  ) {
    return { level: 'info', message: 'webhook ignored', fields };
  }
  return { level: 'debug', message: `webhook ${outcome}`, fields };
}
