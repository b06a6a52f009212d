import { describe, expect, it } from 'vitest';
import { instant } from '../../../engine/time.ts';
import { type Beginning, JobPicture } from './job-picture.ts';
import type { PipelineReading } from './job-reading.ts';

/** A reading of one pipeline that holds the job of this id. */
function holding(id: number, later?: number): PipelineReading {
  return { pending: [], held: [{ id, project: 7 }], later };
}

/** A picture of one project, and short words for what happens to it. */
function scene() {
  const picture = new JobPicture();
  const sweep = (began: Beginning, ...pipelines: (readonly [number, PipelineReading])[]): void =>
    picture.sweep({ project: 7, began, at: instant(began), pipelines: new Map(pipelines) });
  const refresh = (began: Beginning, reading: PipelineReading | undefined, pipeline = 100): void =>
    picture.refresh(7, pipeline, began, reading);
  const held = (): number[] => picture.snapshot().held.map(({ id }) => id);
  return { picture, sweep, refresh, held };
}

describe('a picture', () => {
  it('is unknown until the first sweep', () => {
    const { picture, sweep } = scene();
    expect([picture.readAt(7), picture.isReadSince(7, 0)]).toEqual([undefined, false]);
    sweep(picture.begin());
    expect([picture.readAt(7), picture.isReadSince(7, 0)]).toEqual([1, true]);
    expect(picture.snapshot()).toEqual({ demand: [], held: [], later: 0 });
  });

  it('takes a refresh that ended before the sweep it began in', () => {
    const { picture, sweep, refresh, held } = scene();
    sweep(picture.begin(), [100, holding(1)]);
    const began = picture.begin();
    refresh(picture.begin(), holding(2));
    sweep(began, [100, holding(1)], [101, holding(3)]);
    expect(held()).toEqual([2, 3]);
  });

  it('remembers within a sweep that a pipeline is gone, and not after the next', () => {
    const { picture, sweep, refresh, held } = scene();
    sweep(picture.begin(), [100, holding(1)]);
    const began = picture.begin();
    refresh(picture.begin(), undefined);
    sweep(began, [100, holding(1)]);
    expect(held()).toEqual([]);
    sweep(picture.begin(), [100, holding(1)]);
    expect(held()).toEqual([1]);
  });

  it('drops a refresh that began before a sweep that has ended', () => {
    const { picture, sweep, refresh, held } = scene();
    sweep(picture.begin(), [100, holding(1)]);
    const began = picture.begin();
    sweep(picture.begin(), [100, holding(2)]);
    refresh(began, holding(1));
    refresh(began, holding(9), 109);
    expect(held()).toEqual([2]);
  });

  it('drops the older of two refreshes', () => {
    const { picture, sweep, refresh, held } = scene();
    sweep(picture.begin());
    const older = picture.begin();
    refresh(picture.begin(), holding(2));
    refresh(older, holding(1));
    expect(held()).toEqual([2]);
  });

  it('drops the older of two sweeps', () => {
    const { picture, sweep, held } = scene();
    const older = picture.begin();
    sweep(picture.begin(), [100, holding(2)]);
    sweep(older, [100, holding(1)]);
    expect(held()).toEqual([2]);
  });

  it('keeps later jobs that only a refresh can count while the pipeline lives', () => {
    const { picture, sweep, refresh } = scene();
    sweep(picture.begin(), [100, holding(1)]);
    refresh(picture.begin(), holding(1, 5));
    sweep(picture.begin(), [100, holding(1)]);
    expect(picture.snapshot().later).toBe(5);
    sweep(picture.begin());
    expect(picture.snapshot().later).toBe(0);
  });

  it('keeps projects apart', () => {
    const { picture, sweep, held } = scene();
    sweep(picture.begin(), [100, holding(1)]);
    const pipelines = new Map([[200, holding(2)]]);
    picture.sweep({ project: 8, began: picture.begin(), at: instant(5), pipelines });
    expect(held()).toEqual([1, 2]);
    picture.refresh(9, 300, picture.begin(), holding(3));
    expect(held()).toEqual([1, 2]);
    picture.keepOnly(new Set([8]));
    expect([held(), picture.projects()]).toEqual([[2], [8]]);
  });

  it('keeps what a list that was left before its end did not come to', () => {
    const { picture, sweep, held } = scene();
    sweep(picture.begin(), [
      100,
      {
        pending: [],
        held: [
          { id: 1, project: 7 },
          { id: 5, project: 7 },
        ],
        later: 0,
      },
    ]);
    const reading = { project: 7, began: picture.begin(), at: instant(9) };
    picture.sweep({ ...reading, pipelines: new Map([[101, holding(6)]]), below: 4 });
    expect([held(), picture.cut()]).toEqual([[6, 1], 1]);
    sweep(picture.begin(), [101, holding(6)]);
    expect([held(), picture.cut()]).toEqual([[6], 0]);
  });

  it('tells the protected from the others where that is known', () => {
    const { picture, sweep } = scene();
    const of = { name: '7', kind: { project: 7, tags: [] } };
    const waiting = (id: number, ref?: string) => ({
      of,
      job: { id, queuedAt: instant(0) },
      ...(ref !== undefined && { ref: { name: ref, tag: false } }),
    });
    const pending = [waiting(1, 'main'), waiting(2, 'topic'), waiting(3), waiting(4, 'main')];
    sweep(picture.begin(), [100, { pending, held: [], later: 0 }]);
    const { demand } = picture.snapshot((_project, { name }) => name === 'main');
    expect(demand.map(({ kind, pending: jobs }) => [kind.protected, jobs.map(({ id }) => id)])).toEqual([
      [true, [1, 4]],
      [false, [2]],
      [undefined, [3]],
    ]);
    expect(picture.snapshot().demand).toHaveLength(1);
    expect([picture.waiting(), picture.isBusy(7), picture.isBusy(8)]).toEqual([[7], true, false]);
  });
});
