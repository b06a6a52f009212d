import { describe, expect, it } from 'vitest';
import { after, instant, seconds } from '../../../engine/time.ts';
import type { DescribedGroup } from './described-group.ts';
import { ExpectedDesired } from './expected-desired.ts';

const AT = instant(Date.UTC(2026, 0, 5, 8));

function group(name: string, desired: number): DescribedGroup {
  const said = {
    AutoScalingGroupName: name,
    MinSize: 0,
    MaxSize: 9,
    DesiredCapacity: desired,
    DefaultCooldown: 0,
    AvailabilityZones: [],
    HealthCheckType: 'EC2',
    CreatedTime: new Date(AT),
  };
  return { name, min: 0, max: 9, desired, members: [], tags: new Map(), said };
}

describe('what a group was asked for last', () => {
  it('is what was said, for as long as a description may lag', () => {
    const expected = new ExpectedDesired();
    expected.tell('linux', 5, AT);
    expect(expected.of(group('linux', 2), after(AT, seconds(59)))).toBe(5);
    expect(expected.of(group('other', 2), after(AT, seconds(59)))).toBe(2);
  });

  it('is what is described after that, and before anything was said', () => {
    const expected = new ExpectedDesired();
    expect(expected.of(group('linux', 2), AT)).toBe(2);
    expected.tell('linux', 5, AT);
    expect(expected.of(group('linux', 2), after(AT, seconds(60)))).toBe(2);
  });

  it('is the last of what was said, also where that is less', () => {
    const expected = new ExpectedDesired();
    expected.tell('linux', 5, AT);
    expected.tell('linux', 1, AT);
    expect(expected.of(group('linux', 5), AT)).toBe(1);
  });
});
