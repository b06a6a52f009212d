import { describe, expect, it } from 'vitest';
import { instanceIdOf } from '../../controller/system-id.ts';
import { type Duration, elapsed, instant, minutes, seconds } from '../../engine/time.ts';
import { VirtualClock } from './clock.ts';
import { Ec2 } from './ec2/ec2.ts';
import { stateOf } from './ec2/instance-record.ts';
import { defaultPlace } from './ec2/place.ts';
import { FLEET_TAG, MemoryFleet } from './fleet.ts';
import { GitLab } from './gitlab/gitlab.ts';
import { Machines } from './machines.ts';

const START = instant(Date.UTC(2026, 0, 5, 8));
const SUBNET = defaultPlace.subnets[0]?.id ?? '';

/** Machines that run 5 s after their launch, boot for 30 s, poll every 3 s and look at their tags every 5 s. */
function scene() {
  const clock = new VirtualClock(START);
  const ec2 = new Ec2({ timers: clock, seed: 1, pendingFor: seconds(5), shutdownFor: seconds(5) });
  const gitlab = new GitLab({ timers: clock, seed: 1 });
  const project = gitlab.addProject({ path: 'acme/web' }).id;
  const runner = gitlab.addRunner({ tags: ['linux'], runUntagged: false });
  const outage = { on: false };
  const machines = new Machines({
    timers: clock,
    ec2,
    gitlab,
    outage,
    tokens: { linux: runner.token },
    bootFor: seconds(30),
    pollEvery: seconds(3),
    watchEvery: seconds(5),
    jobFor: minutes(1),
  });
  const fleet = new MemoryFleet({ ec2, installation: 'test', imageId: defaultPlace.images[0]?.id ?? '' });
  return {
    clock,
    ec2,
    gitlab,
    outage,
    machines,
    launch: async (slots = 1, maxJobs?: number) => {
      const { launched } = await fleet.launch({
        launchId: 'l-1',
        pool: 'linux',
        count: 1,
        offerings: [{ instanceType: 'm7i.large', subnet: SUBNET, market: 'spot' }],
        slots,
        ...(maxJobs !== undefined && { maxJobs }),
        generation: 'g1',
        template: await fleet.prepare('linux'),
      });
      return launched[0]?.id ?? '';
    },
    submit: (count: number, duration?: Duration) => {
      const jobs = Array.from({ length: count }, (_, index) => ({
        name: `job-${index}`,
        stage: 'test',
        tags: ['linux'],
        ...(duration !== undefined && { duration }),
      }));
      gitlab.createPipeline(project, { stages: ['test'], jobs });
    },
    drain: (id: string) => ec2.createTags([id], [{ key: FLEET_TAG.drain, value: `idle@${clock.now()}` }]),
    state: (id: string) => {
      const record = ec2.instance(id);
      return record === undefined ? 'forgotten' : stateOf(record);
    },
    managers: () => gitlab.managers(runner.id),
    counts: () => gitlab.jobCounts(),
    jobs: () => gitlab.jobsOfProject(project),
    console: (id: string) => ec2.getConsoleOutput(id).text,
  };
}

describe('a machine that boots', () => {
  it('contacts GitLab after EC2’s and its own time, under its own name', async () => {
    const { clock, launch, managers, console } = scene();
    const id = await launch();
    await clock.advance(seconds(34));
    expect([managers(), console(id)]).toEqual([[], '']);
    await clock.advance(seconds(1));
    expect(managers().map(({ systemId, createdAt }) => [instanceIdOf(systemId), createdAt])).toEqual([
      [id, START + 35_000],
    ]);
    expect(console(id)).toBe('runtide: ready\n');
  });

  it('or fails to says why on its console, and stays', async () => {
    const { clock, launch, managers, console, ec2, state } = scene();
    ec2.faults.boot('fails');
    const id = await launch();
    await clock.advance(minutes(10));
    expect([managers(), state(id)]).toEqual([[], 'running']);
    expect(console(id)).toBe('runtide: boot failed: the image has no gitlab-runner\n');
  });

  it('or hangs says nothing', async () => {
    const { clock, launch, managers, console, ec2, state } = scene();
    ec2.faults.boot('never');
    const id = await launch();
    await clock.advance(minutes(10));
    expect([managers(), state(id), console(id)]).toEqual([[], 'running', '']);
  });

  it('and is ended meanwhile never asks for a job', async () => {
    const { clock, launch, managers, ec2, submit, counts } = scene();
    const id = await launch();
    submit(1);
    await clock.advance(seconds(20));
    ec2.terminateInstances([id]);
    await clock.advance(minutes(5));
    expect([managers(), counts()['pending']]).toEqual([[], 1]);
  });
});

describe('a machine that works', () => {
  it('fills its slots at once, and takes the next job as soon as one ends', async () => {
    const { clock, launch, submit, counts, jobs } = scene();
    await launch(2);
    submit(3, seconds(20));
    await clock.advance(seconds(35));
    expect([counts()['running'], counts()['pending']]).toEqual([2, 1]);
    await clock.advance(seconds(20));
    expect([counts()['success'], counts()['running']]).toEqual([2, 1]);
    await clock.advance(seconds(20));
    expect(counts()['success']).toBe(3);
    const started = jobs().map(({ startedAt }) => elapsed(START, startedAt ?? START) / 1000);
    expect(started.toSorted((a, b) => a - b)).toEqual([35, 35, 55]);
  });

  it('asks again at every poll', async () => {
    const { clock, launch, submit, jobs } = scene();
    await launch();
    await clock.advance(seconds(36));
    submit(1);
    await clock.advance(seconds(3));
    expect(jobs().map(({ startedAt }) => startedAt)).toEqual([START + 38_000]);
  });

  it('takes as long for a job as the job says, or as is usual', async () => {
    const { clock, launch, submit, jobs } = scene();
    await launch(2);
    submit(1);
    submit(1, seconds(7));
    await clock.advance(minutes(3));
    const took = jobs().map(
      ({ startedAt, finishedAt }) => elapsed(startedAt ?? START, finishedAt ?? START) / 1000,
    );
    expect(took.toSorted((a, b) => a - b)).toEqual([7, 60]);
  });

  it('takes nothing while GitLab is down, nor while it is silenced', async () => {
    const { clock, launch, submit, counts, outage, machines } = scene();
    await launch();
    await clock.advance(seconds(40));
    outage.on = true;
    submit(1);
    await clock.advance(minutes(2));
    expect(counts()['pending']).toBe(1);
    machines.silenced = true;
    outage.on = false;
    await clock.advance(minutes(2));
    expect(counts()['pending']).toBe(1);
    machines.silenced = false;
    await clock.advance(seconds(3));
    expect(counts()['running']).toBe(1);
  });

  it('loses its jobs with its power', async () => {
    const { clock, launch, submit, counts, ec2 } = scene();
    const id = await launch();
    submit(1, minutes(10));
    await clock.advance(minutes(1));
    ec2.terminateInstances([id]);
    await clock.advance(minutes(20));
    // Nobody tells GitLab: to it the job runs on until its own timeout.
    expect([counts()['running'], counts()['success']]).toEqual([1, undefined]);
  });
});

describe('a machine that is asked to drain', () => {
  it('unregisters and powers off at once when it is idle', async () => {
    const { clock, launch, drain, managers, state, console } = scene();
    const id = await launch();
    await clock.advance(seconds(40));
    drain(id);
    await clock.advance(seconds(5));
    expect([managers(), state(id)]).toEqual([[], 'shutting-down']);
    expect(console(id)).toBe('runtide: ready\nruntide: draining\n');
    await clock.advance(seconds(5));
    expect(state(id)).toBe('terminated');
  });

  it('finishes its jobs, takes no new one, and leaves with the last', async () => {
    const { clock, launch, drain, submit, counts, managers, state } = scene();
    const id = await launch(2);
    submit(2, minutes(5));
    await clock.advance(seconds(40));
    drain(id);
    await clock.advance(seconds(5));
    submit(1);
    await clock.advance(minutes(4));
    expect([counts()['running'], counts()['pending'], state(id), managers().length]).toEqual([
      2,
      1,
      'running',
      1,
    ]);
    await clock.advance(minutes(1));
    expect([counts()['success'], counts()['pending'], managers()]).toEqual([2, 1, []]);
    expect(state(id)).not.toBe('running');
  });

  it('does nothing of that when its agent is deaf', async () => {
    const { clock, launch, drain, managers, state, machines } = scene();
    const id = await launch();
    machines.deafAgents.add(id);
    await clock.advance(seconds(40));
    drain(id);
    await clock.advance(minutes(10));
    expect([managers().length, state(id)]).toEqual([1, 'running']);
  });

  it('leaves its manager behind while GitLab is down', async () => {
    const { clock, launch, drain, managers, state, outage } = scene();
    const id = await launch();
    await clock.advance(seconds(40));
    outage.on = true;
    drain(id);
    await clock.advance(seconds(20));
    expect([managers().length, state(id)]).toEqual([1, 'terminated']);
  });
});

describe('a machine whose jobs are counted', () => {
  it('takes that many, then unregisters and powers off by itself', async () => {
    const { clock, launch, submit, counts, managers, state } = scene();
    const id = await launch(1, 2);
    submit(3, seconds(21));
    await clock.advance(seconds(77));
    expect([counts()['success'], counts()['pending'], managers().length]).toEqual([2, 1, 1]);
    await clock.advance(seconds(3));
    expect([counts()['pending'], managers()]).toEqual([1, []]);
    expect(state(id)).not.toBe('running');
  });

  it('does not give up its open poll when it is asked to drain', async () => {
    const { clock, launch, drain, submit, counts, managers, state } = scene();
    const id = await launch(1, 2);
    await clock.advance(seconds(39));
    drain(id);
    await clock.advance(seconds(2));
    submit(2, seconds(20));
    await clock.advance(seconds(10));
    expect([counts()['running'], counts()['pending'], state(id)]).toEqual([1, 1, 'running']);
    await clock.advance(seconds(20));
    expect([counts()['success'], counts()['pending'], managers()]).toEqual([1, 1, []]);
  });

  it('leaves with its poll when that brings nothing', async () => {
    const { clock, launch, drain, managers, state } = scene();
    const id = await launch(1, 1);
    await clock.advance(seconds(39));
    drain(id);
    await clock.advance(seconds(5));
    expect(managers()).toEqual([]);
    expect(state(id)).not.toBe('running');
  });
});

describe('a machine that the cloud takes', () => {
  it('drains at the notice, and finishes what ends in time', async () => {
    const { clock, launch, submit, ec2, counts, managers, state } = scene();
    const id = await launch();
    submit(1, minutes(1));
    await clock.advance(seconds(40));
    ec2.interrupt(id, minutes(2));
    await clock.advance(seconds(70));
    expect([counts()['success'], managers()]).toEqual([1, []]);
    expect(state(id)).toBe('terminated');
  });

  it('fails its jobs 45 s before the end, so that GitLab can retry them', async () => {
    const { clock, launch, submit, ec2, jobs, managers } = scene();
    const id = await launch();
    submit(1, minutes(30));
    await clock.advance(seconds(40));
    ec2.interrupt(id, minutes(2));
    await clock.advance(seconds(74));
    expect(jobs().map(({ status }) => status)).toEqual(['running']);
    await clock.advance(seconds(1));
    expect(
      jobs().map(({ status, failureReason, finishedAt }) => [status, failureReason, finishedAt]),
    ).toEqual([['failed', 'runner_system_failure', START + 115_000]]);
    expect(managers()).toEqual([]);
  });
});
