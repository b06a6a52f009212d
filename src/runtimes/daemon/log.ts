import { pino } from 'pino';
import type { WebhookEvent } from '../../adapters/gitlab/webhook-event.ts';
import type { ControllerEvent } from '../../controller/events.ts';
import { explainAction, explainAlarm } from '../../engine/explain.ts';

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

function plain(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>; // because: pino writes one JSON object a line
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

/** A controller event as a line: one a change, none a poll. */
export function eventLine(event: ControllerEvent): Line {
  switch (event.event) {
    case 'decided': {
      const { pool, summary } = event.decision;
      return { level: 'info', message: `decided: ${summary}`, fields: { pool } };
    }
    case 'acted': {
      const { outcome } = event;
      const what = explainAction(outcome.action);
      const fields = { pool: outcome.action.pool };
      if (!outcome.done)
        return { level: 'error', message: `failed: ${what}`, fields: { ...fields, why: outcome.why } };
      const { launched, shortfalls } = outcome;
      return {
        level: (shortfalls?.length ?? 0) > 0 ? 'warn' : 'info',
        message: `done: ${what}`,
        fields: {
          ...fields,
          ...(launched !== undefined && { launched }),
          ...(shortfalls !== undefined &&
            shortfalls.length > 0 && { shortfalls: shortfalls.map(({ code }) => code) }),
        },
      };
    }
    case 'alarm raised':
      return { level: 'warn', message: `alarm: ${explainAlarm(event.alarm)}`, fields: {} };
    case 'alarm cleared':
      return { level: 'info', message: `alarm over: ${explainAlarm(event.alarm)}`, fields: {} };
    case 'read failed':
      return { level: 'error', message: `reading ${event.source} failed`, fields: { why: event.why } };
    case 'boot failed':
      return { level: 'error', message: `${event.instance} did not boot`, fields: { why: event.why } };
    case 'pass failed':
    case 'lease lost':
    case 'launch unanswered': {
      const { event: message, ...fields } = event;
      return { level: 'error', message, fields };
    }
    case 'lease taken':
    case 'standing by':
    case 'read recovered':
    case 'launch replayed': {
      const { event: message, ...fields } = event;
      return { level: 'info', message, fields };
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
