import { z } from 'zod';
import { minutes, seconds } from '../engine/time.ts';
import { duration, text } from './key-kinds.ts';

/** As AWS takes it: printable characters without a colon; `*`, `?` and `$` mean something in policies. */
const GROUP_NAME = /^(?![^*?$]*[*?$])[!-9;-~]{1,255}$/;

/** The Auto Scaling group that launches the instances of a pool. */
export const groupSchema = z
  .strictObject({
    name: text(
      GROUP_NAME,
      'the name of an Auto Scaling group: at most 255 characters, no spaces, no : * ? $',
      {
        description:
          'A group of your own, whose launch template, limits and subnets stay yours. Where nothing is said, Runtide makes `runtide-<installation>-<pool>`.',
        applies: 'drifts',
        example: 'ci-runners',
      },
    ).exactOptional(),
    heartbeat: duration(seconds(30), minutes(120), {
      description:
        'How long the group waits for a word of Runtide before it gives an instance up that starts or ends. Runtide renews it for as long as jobs run, which AWS allows 100 times, for 48 hours at most: those need 1728s.',
      applies: 'hot',
      example: '1h',
    }).prefault('1h'),
  })
  .meta({
    description:
      'An Auto Scaling group launches the instances of this pool, and asks before it ends one. Runtide decides, and the group follows.',
    applies: 'drifts',
    allowed: 'a map with the keys name and heartbeat; {} for a group that Runtide makes',
    example: '{}',
  });
