import { describe, expect, it } from 'vitest';
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
    picture.sweep([{ project: 'acme/web', began, pipelines: new Map(pipelines) }]);
  const refresh = (began: Beginning, reading: PipelineReading | undefined, pipeline = 100): void =>
    picture.refresh('acme/web', pipeline, began, reading);
  const held = (): number[] => picture.snapshot().held.map(({ id }) => id);
  return { picture, sweep, refresh, held };
}

describe('a picture', () => {
  it('is unknown until the first sweep', () => {
    const { picture, sweep } = scene();
    expect(picture.known).toBe(false);
    sweep(picture.begin());
    expect(picture.known).toBe(true);
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
    picture.sweep([{ project: 'acme/api', began: picture.begin(), pipelines: new Map([[200, holding(2)]]) }]);
    expect(held()).toEqual([1, 2]);
    picture.refresh('acme/unknown', 300, picture.begin(), holding(3));
    expect(held()).toEqual([1, 2]);
  });
});
