import { describe, expect, it } from 'vitest';
import { minutes } from '../engine/time.ts';
import { ADVERSARIAL, isAdversarial } from './adversarial.ts';
import { unhinderedJobs } from './unhindered.ts';
import type { Workload } from './workload.ts';

const HOUR = minutes(60);
const DAY = 24 * HOUR;

const names = Object.keys(ADVERSARIAL).filter(isAdversarial);

const between = ({ pipelines }: Workload, from: number, to: number) =>
  pipelines.filter(({ at }) => at >= from && at < to);

describe('adversarial workloads', () => {
  it.each(names)('%s bears its name, is in order, within its length, quick, and the same again', (name) => {
    const workload = ADVERSARIAL[name](1);
    expect(workload.name).toBe(name);
    expect(workload.pipelines).toEqual(workload.pipelines.toSorted((one, other) => one.at - other.at));
    expect(between(workload, 0, workload.length)).toEqual(workload.pipelines);
    const jobs = unhinderedJobs(workload).length;
    expect(jobs).toBeGreaterThan(400);
    expect(jobs).toBeLessThan(7000);
    expect(ADVERSARIAL[name](1)).toEqual(workload);
  });

  it('a bot makes forty pipelines within eight minutes', () => {
    const workload = ADVERSARIAL['bot-wave'](1);
    expect(between(workload, minutes(65), minutes(73))).toHaveLength(40);
    expect(workload.pipelines).toHaveLength(40);
    expect(ADVERSARIAL['bot-wave'](2)).not.toEqual(workload);
  });

  it('schedules come within twenty seconds of the full hour', () => {
    const workload = ADVERSARIAL['full-hour'](1);
    expect(workload.pipelines).toHaveLength(160);
    for (let hour = 1; hour <= 8; hour += 1)
      expect(between(workload, hour * HOUR - 20_000, hour * HOUR + 20_000)).toHaveLength(20);
  });

  it('one pipeline asks for 500 machines at once', () => {
    const starts = Map.groupBy(unhinderedJobs(ADVERSARIAL['fan-out']()), ({ from }) => from);
    expect([...starts.values()].map(({ length }) => length)).toEqual([1, 500, 1]);
  });

  it('on one Monday of three nobody works', () => {
    const workload = ADVERSARIAL['dead-monday'](1);
    expect(between(workload, 0, DAY).length).toBeGreaterThan(10);
    expect(between(workload, 7 * DAY, 8 * DAY).length).toBeGreaterThan(10);
    expect(between(workload, 14 * DAY, 15 * DAY)).toEqual([]);
    expect(between(workload, 15 * DAY, 16 * DAY).length).toBeGreaterThan(10);
  });

  it.each([
    { name: 'webhooks-lost', disturbance: { kind: 'webhooks lost', lasts: minutes(10) } },
    { name: 'zone-out', disturbance: { kind: 'zone out', zone: 'eu-central-1a' } },
    { name: 'spot-kills', disturbance: { kind: 'spot interruptions', perHour: 0.05 } },
  ] as const)('$name strikes while jobs run', ({ name, disturbance }) => {
    const workload = ADVERSARIAL[name](1);
    expect(workload.disturbances).toMatchObject([disturbance]);
    for (const { at, lasts } of workload.disturbances ?? []) {
      expect(at + lasts).toBeLessThanOrEqual(workload.length);
      const hit = unhinderedJobs(workload).filter(({ from, to }) => from < at + lasts && to > at);
      expect(hit.length).toBeGreaterThan(10);
    }
  });
});
