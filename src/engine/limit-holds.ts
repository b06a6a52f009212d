import type { BudgetStanding } from './budget.ts';
import type { CappedJobs } from './demand.ts';
import type { Desired, Rule, Step } from './desired.ts';
import type { Hold } from './scale-out.ts';
import type { Share } from './shares.ts';
import type { Terms } from './terms.ts';

const PERIODS: Readonly<Record<BudgetStanding['period'], string>> = {
  hour: 'an hour',
  day: 'today',
  month: 'this month',
};

const TAKEN_AWAY: Readonly<Record<BudgetStanding['allows'], string>> = {
  everything: 'everything may be bought',
  'no idle': 'nothing is bought to be idle',
  'spot only': 'only spot is bought, and nothing to be idle',
  nothing: 'nothing is bought',
};

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const dollars = (amount: number): string => `$${amount.toFixed(2)}`;

/** How a limit of a budget stands, in words. */
export function explainBudget({ of, period, spent, limit, allows }: BudgetStanding): string {
  const whose = of === 'fleet' ? 'of all pools' : 'of the pool';
  return `budget ${whose}: ${dollars(spent)} of ${dollars(limit)} ${PERIODS[period]}: ${TAKEN_AWAY[allows]}`;
}

/** `room`: how many more the budget step has left. */
function ofBudget({ budget, pool }: Terms, { affordable }: Share, room: number): string {
  if (budget?.allows === 'spot only' && pool.offerings.length === 0)
    return `${explainBudget(budget)}; ${pool.name} buys none`;
  const isFull = affordable?.count === room && affordable.standing.period === 'hour';
  if (!isFull) return budget === undefined ? 'budget' : explainBudget(budget);
  const { spent, limit, of } = affordable.standing;
  const whose = of === 'fleet' ? 'of all pools' : 'of the pool';
  return `budget ${whose}: ${dollars(spent)} of ${dollars(limit)} an hour leave room for ${affordable.count} more`;
}

function ofPacing({ tokens }: Share): string {
  const { requests = 0, instances = 0 } = tokens ?? {};
  const left = requests < 1 ? 'no call' : counted(Math.floor(instances), 'instance');
  return `EC2 lets the account launch ${left} now: the rest follows as its limit allows`;
}

function ofCaps({ jobs, projects }: CappedJobs): string {
  const one = projects.length === 1;
  const which = one ? `project ${projects[0]}` : `projects ${projects.join(', ')}`;
  return `${counted(jobs, 'job')} of ${which} ${jobs === 1 ? 'does' : 'do'} not count: ${one ? 'it counts' : 'they count'} for as many as the cap lets`;
}

/** Why less is bought than the demand and the idle target would have, by the rules that took it away. */
export function limitHolds(
  desired: Desired,
  live: number,
  {
    terms,
    share,
    capped,
  }: { readonly terms: Terms; readonly share: Share; readonly capped: CappedJobs | undefined },
): readonly Hold[] {
  const bound = (rule: Rule): Step | undefined =>
    desired.steps.find((step) => step.rule === rule && step.to < step.from && step.from > live);
  const budget = bound('budget');
  const texts = [
    ...(capped === undefined ? [] : [ofCaps(capped)]),
    ...(budget === undefined ? [] : [ofBudget(terms, share, budget.to - live)]),
    ...(bound('launch pacing') === undefined ? [] : [ofPacing(share)]),
    ...(bound('pause') === undefined || terms.pausedAt === undefined
      ? []
      : [`paused by command since ${new Date(terms.pausedAt).toISOString()}`]),
    ...(bound('fleet max') === undefined
      ? []
      : [`all pools together have the ${counted(share.room?.max ?? 0, 'instance')} that they may have`]),
  ];
  return texts.map((because) => ({ what: 'launch', because }));
}
