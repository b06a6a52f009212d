import type { Action } from './action.ts';
import type { Alarm } from './alarms.ts';
import { explainBudget } from './limit-holds.ts';
import type { CycleProgress, PoolPlan } from './pool-plan.ts';
import type { Refusal } from './refused.ts';

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A launch is of one market. */
function marketOf({ offerings }: Extract<Action, { do: 'launch' }>): string {
  return [...new Set(offerings.map(({ market }) => market))].join(' or ');
}

const REFUSALS: Readonly<Record<Refusal, string>> = {
  paused: 'is paused: resume it in GitLab',
  'protected refs only':
    'takes jobs of protected refs only: protect their ref, or let the runner take others as well',
  'other projects only': 'serves other projects only: enable it for this one, or give the jobs other tags',
};

/** One action in words. */
export function explainAction(action: Action): string {
  switch (action.do) {
    case 'launch':
      return `launch ${plural(action.count, 'instance')} (${marketOf(action)})`;
    case 'cancel':
      return `take back ${plural(action.count, 'instance')} that the group has not launched${
        action.failure === undefined ? '' : ` (${action.failure.code})`
      }`;
    case 'heartbeat':
      return `have the group wait for ${action.instance} (${action.hook})`;
    case 'complete':
      return `have the group go on with ${action.instance} (${action.hook}: ${action.because})`;
    case 'enrol':
      return `enrol ${action.instance}`;
    case 'drain':
      return `drain ${action.instance} (${action.because})`;
    case 'terminate':
      return `terminate ${action.instance} (${action.because})`;
    case 'dismiss':
      return `dismiss ${action.instance} (${action.because})`;
    case 'forget':
      return `forget manager ${action.manager} (${action.because})`;
    case 'retry':
      return `retry job ${action.job} of project ${action.project} (${action.instance} is gone)`;
  }
}

const of = (pool: string | undefined): string => (pool === undefined ? '' : `${pool}: `);

/** One alarm in words, with what to do next. */
export function explainAlarm(alarm: Alarm): string {
  switch (alarm.alarm) {
    case 'unserved':
      return `job ${alarm.job} waits although ${alarm.pool} has a free slot that fits: GitLab does not hand it out (protected ref, locked runner, used-up minutes, or the runner of the free instance does not ask); it stops counting for now`;
    case 'drain unacknowledged':
      return `${alarm.instance} was asked to drain and is still there without a job: look at the agent's console output, and end it by hand if it hangs`;
    case 'unseen':
      return `${alarm.instance} of ${alarm.pool} still speaks with GitLab, and EC2 does not list it: it was bought with another region, role or credentials than the pool has now; change them back until it has ended, or end it by hand`;
    case 'retained':
      return `${alarm.instance} was given up by its group while it drained, and runs on: it is ended once its runner has no job; see why nobody answered at its termination hook`;
    case 'order failed':
      return `group ${alarm.group} of ${alarm.pool} could not launch what it was asked for: ${alarm.failure}; the order is taken back and tried again later`;
    case 'boot failed':
      return `${alarm.instance} was not ready within the pool's bootTimeout: look at its console output`;
    case 'refused':
      return `${plural(alarm.jobs, 'job')} of project ${alarm.project} wait for ${alarm.pool}, whose runner ${REFUSALS[alarm.because]}`;
    case 'budget':
      return `${of(alarm.pool)}${explainBudget(alarm.standing)}; what runs goes on`;
    case 'concern':
      return `${alarm.about}: ${alarm.why}${alarm.next === undefined ? '' : `; ${alarm.next}`}`;
    case 'stale':
      return `${alarm.source} not freshly read: ${alarm.failure}; nothing is scaled in until it is`;
  }
}

/** How far a cycle has come, in words. */
export function explainCycle({ paused, waiting, leaving, ready }: CycleProgress): string {
  const far = `${waiting} old left, ${leaving} draining, ${ready} new ready`;
  return paused ? `cycle paused: ${far}` : `cycle: ${far}`;
}

/** The pool's decision in one line: what waits, what there is, what is wanted by which rules, what is done. */
export function explainPool(decided: PoolPlan): string {
  const { demand, capacity, desired, schedule, pausedAt, cycle, holds, actions } = decided;
  const { free, busy, booting, leaving } = capacity;
  const steps = desired.steps.map(({ rule, from, to }) => `${rule} ${from}→${to}`).join(', ');
  const done = actions.map(explainAction);
  const held = holds.map(({ what, because }) => `no ${what}: ${because}`);
  return [
    `${demand.pending} pending`,
    `slots ${busy} busy, ${free} free, ${booting} booting, ${leaving} leaving`,
    `desired ${desired.count}${steps === '' ? '' : ` (${steps})`}`,
    ...(schedule === undefined ? [] : [`schedule "${schedule}"`]),
    ...(pausedAt === undefined ? [] : ['paused']),
    ...(cycle === undefined ? [] : [explainCycle(cycle)]),
    ...held,
    done.length === 0 ? 'nothing to do' : done.join(', '),
  ].join('; ');
}
