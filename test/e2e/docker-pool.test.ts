import { describe, expect, it } from 'vitest';
import { openOperator } from '../support/operator.ts';
import type { ConfigChange } from '../support/watched-sandbox.ts';

function dockerPool(docker: object): readonly ConfigChange[] {
  return [
    [['pools', 'large', 'executor'], 'docker'],
    [['pools', 'large', 'docker'], { image: 'alpine:3', ...docker }],
  ];
}

/** The lines of `runtide check` that speak of isolation. */
function isolation(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.includes('isolation of'));
}

describe('runtide check of a pool with the docker executor', () => {
  it('says what gives jobs the instance, and does not fail for it', async () => {
    await using operator = await openOperator();
    const plain = await operator.run(['check'], { changes: dockerPool({ volumes: ['/cache'] }) });
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    expect(isolation(plain.stdout)).toEqual([]);

    const socket = '/var/run/docker.sock:/var/run/docker.sock';
    const open = dockerPool({ privileged: true, volumes: ['/cache', socket] });
    const given = await operator.run(['check'], { changes: open });
    expect(given).toMatchObject({ code: 0, stderr: '' });
    expect(isolation(given.stdout)).toEqual([
      `ok      isolation of large: privileged: true, volume ${socket}: gives every job the instance or a way to it, ` +
        "and with it the pool's token; see docs/security.md",
    ]);
  });
});
