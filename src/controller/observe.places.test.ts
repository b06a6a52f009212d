import { describe, expect, it } from 'vitest';
import { anInstance, aPolicy, aPool, freshAt, NOW } from '../../test/support/observations.ts';
import { failure, surroundings } from '../../test/support/scripted-ports.ts';
import { after, seconds } from '../engine/time.ts';
import { Observer } from './observe.ts';
import type { Remarks } from './ports.ts';

const NEAR = anInstance('i-1');
const FAR = anInstance('i-2', { pool: 'arm' });
const WHY = 'the region is down';

/** An observer of pool `linux`, and of pool `arm` in a region that may be down. */
function scene() {
  let down = false;
  const around = surroundings();
  around.fleet.script = {
    async list(_signal, remarks?: Remarks) {
      if (down) remarks?.leaveOut(['arm'], WHY);
      return down ? [NEAR] : [NEAR, FAR];
    },
  };
  const policy = aPolicy(aPool(), aPool({ name: 'arm' }));
  const observer = new Observer({ ...around, policy: () => policy, freshFor: () => seconds(45) });
  const sweep = () => observer.observe({ sweep: true, pipelines: [] }, around.abort.signal);
  return {
    ...around,
    sweep,
    fall: () => (down = true),
    rise: () => (down = false),
    told: () => around.events.filter(({ event }) => event.startsWith('read ')),
  };
}

describe('pools that a listing leaves out', () => {
  it('are known as they were, and grow old, while the others are fresh', async () => {
    const { sweep, fall, clock } = scene();
    await sweep();
    fall();
    await clock.advance(seconds(60));
    const later = after(NOW, seconds(60));
    const { instances, unlisted } = await sweep();
    expect(instances).toEqual(freshAt([NEAR, FAR], later));
    expect(unlisted).toEqual({ arm: { ...freshAt([NEAR, FAR], NOW), failure: WHY } });
    await clock.advance(seconds(60));
    expect((await sweep()).unlisted).toMatchObject({ arm: { readAt: NOW } });
  });

  it('are not known where they never were', async () => {
    const { sweep, fall } = scene();
    fall();
    const { instances, unlisted } = await sweep();
    expect(instances).toEqual(freshAt([NEAR], NOW));
    expect(unlisted).toEqual({ arm: { known: false, failure: WHY } });
  });

  it('are like the others again once they are listed', async () => {
    const { sweep, fall, rise, told } = scene();
    await sweep();
    fall();
    await sweep();
    await sweep();
    rise();
    const readings = await sweep();
    expect(readings.instances).toEqual(freshAt([NEAR, FAR], NOW));
    expect(readings).not.toHaveProperty('unlisted');
    expect(told()).toEqual([
      { event: 'read failed', source: 'instances of arm', why: WHY },
      { event: 'read recovered', source: 'instances of arm' },
    ]);
  });

  it('stay left out while nothing at all is listed', async () => {
    const { sweep, fall, fleet } = scene();
    await sweep();
    fall();
    await sweep();
    fleet.script = { list: () => Promise.reject(failure('unavailable', 'all is down')) };
    const { instances, unlisted } = await sweep();
    expect(instances).toMatchObject({ known: true, value: [NEAR, FAR], failure: 'scripted: all is down' });
    expect(Object.keys(unlisted ?? {})).toEqual(['arm']);
  });
});
