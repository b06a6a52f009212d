import { describe, expect, it } from 'vitest';
import { NOW } from '../../test/support/observations.ts';
import { surroundings, termInOffice } from '../../test/support/scripted-ports.ts';
import { after, seconds } from '../engine/time.ts';
import { isPortError } from './errors.ts';
import type { Lease } from './ports.ts';
import { Term } from './term.ts';

/** The lease, counting how often it was asked for. */
function counted(lease: Lease) {
  const times: number[] = [];
  const counting: Lease = {
    acquire(now, duration) {
      times.push(now);
      return lease.acquire(now, duration);
    },
    release: () => lease.release(),
  };
  return { times, lease: counting };
}

/** What `secure` failed with, in words. */
async function refusal(term: Term): Promise<string> {
  try {
    await term.secure(seconds(10));
    return 'nothing';
  } catch (error) {
    return isPortError(error, 'fenced') ? error.message : String(error);
  }
}

describe('beginning a term', () => {
  it('takes the lease, with a fence', async () => {
    const { lease, clock, disk } = surroundings();
    const term = await Term.begin({ lease, clock, duration: seconds(40) });
    expect(term).toBeInstanceOf(Term);
    expect(term instanceof Term && term.fence).toBe(1);
    expect(disk.lease).toEqual({ owner: 'this controller', fence: 1, expiresAt: after(NOW, seconds(40)) });
  });

  it('answers who holds the lease when that is somebody else', async () => {
    const { lease, clock, takeOver } = surroundings();
    await takeOver();
    expect(await Term.begin({ lease, clock, duration: seconds(40) })).toEqual({
      held: false,
      holder: 'another controller',
      expiresAt: after(NOW, seconds(40)),
    });
  });
});

describe('securing a call', () => {
  it('asks for more only where what is left does not outlast the call', async () => {
    const around = surroundings();
    const { times, lease } = counted(around.lease);
    const term = await Term.begin({ lease, clock: around.clock, duration: seconds(40) });
    if (!(term instanceof Term)) throw new Error('the lease is free');
    await around.clock.advance(seconds(29));
    await term.secure(seconds(10));
    expect(times).toEqual([NOW]);
    await around.clock.advance(seconds(1));
    await term.secure(seconds(10));
    expect(times).toEqual([NOW, after(NOW, seconds(30))]);
    // The extension counts: 40 s more from then on.
    await around.clock.advance(seconds(29));
    await term.secure(seconds(10));
    expect(times).toHaveLength(2);
    expect(around.disk.lease?.expiresAt).toBe(after(NOW, seconds(70)));
  });

  it('is refused when somebody else holds the lease by now', async () => {
    const { at, clock, takeOver } = await termInOffice();
    await clock.advance(seconds(41));
    await takeOver();
    expect(await refusal(at.term)).toBe(
      'extending the lease: another controller holds it now; this controller stops acting and stands by',
    );
  });

  it('is refused when the lease had been somebody else’s in between', async () => {
    const { at, clock, takeOver, disk } = await termInOffice();
    await clock.advance(seconds(41));
    await takeOver();
    disk.lease = undefined;
    expect(await refusal(at.term)).toBe(
      'extending the lease: it had been taken over in between; this controller stops acting and stands by',
    );
  });

  it('is not refused by a lease that is still long enough, whoever asks for it', async () => {
    const { at, clock, disk } = await termInOffice();
    await clock.advance(seconds(5));
    expect(await refusal(at.term)).toBe('nothing');
    expect(disk.lease?.expiresAt).toBe(after(NOW, seconds(40)));
  });
});
