import { type LifeTime, medianOf } from '../../adapters/memory/ec2/life-times.ts';
import type { Duration } from '../../engine/time.ts';
import type { Conditions } from '../conditions.ts';
import { shareText } from './wording.ts';

/** What stands behind the figures and what does not, in sentences. */
export function modelled({
  startDelay,
  shutdown,
  slots,
  maxJobs,
  pollEvery,
  ...rest
}: Conditions): readonly string[] {
  const { pending, boot } = startDelay;
  const { offerings, bootFailures, seed } = rest;
  return [
    'All policies met the same jobs at the same times, in one model of GitLab and EC2, in virtual time. ' +
      `Seed ${seed} gives these figures again, to the last digit.`,
    `A machine takes about ${secondsText(medianOf(pending))} until EC2 says running, which is not billed, and then about ` +
      `${secondsText(medianOf(boot))} until it asks for its first job; both vary from machine to machine${spreadText(pending)}. It is billed by the second from running, for one minute at least, and takes ` +
      `${secondsText(shutdown)} to end.`,
    `A machine of the policies that others have built runs ${slots} ${slots === 1 ? 'job' : 'jobs'} at a time and ` +
      `${maxJobs === undefined ? 'is used again' : `ends after ${maxJobs === 1 ? 'one job' : `${maxJobs} jobs`}`}; ` +
      `its runner asks GitLab for a job every ${secondsText(pollEvery)}.`,
    'A wait ends when the script of the job begins, whatever GitLab took for its start. A later stage begins when the ' +
      'jobs before it have really ended, so that waits make pipelines longer.',
    'EC2 refuses calls beyond the rates of a new account: five launch calls at once and two a second after that. ' +
      (bootFailures > 0
        ? `${shareText(bootFailures)} of the machines never become ready.`
        : 'Machines always become ready, and there is capacity for all of them unless the workload says otherwise.'),
    `Dollars are those of the machines: ${offerings
      .map(({ instanceType, market, price }) => `${instanceType} ${market} at $${price} an hour`)
      .join(', ')}. Disks, traffic, whatever runs the policy itself and a discount of yours are not in them.`,
    'Not modelled: how long a script takes on another type of machine, caches that are cold on a new one, images that ' +
      'are pulled again, and what else happens in the account.',
  ];
}

function spreadText(time: LifeTime): string {
  return typeof time === 'object' && 'sigma' in time ? ` (log-normal, sigma ${time.sigma})` : '';
}

function secondsText(duration: Duration): string {
  return `${duration / 1000} s`;
}
