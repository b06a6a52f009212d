import { describe, expect, it } from 'vitest';
import { renderAgentEnv } from './agent-env.ts';

const SETTINGS = {
  pool: 'linux',
  region: 'eu-central-1',
  gitlabUrl: 'https://gitlab.example.com',
  tokenParameter: '/runtide/linux/token',
};

describe('the settings of the agent', () => {
  it('say that it drains by itself only where it should', () => {
    expect(renderAgentEnv(SETTINGS)).not.toContain('RUNTIDE_REBALANCE');
    expect(renderAgentEnv({ ...SETTINGS, rebalance: 'drain' })).toContain('\nRUNTIDE_REBALANCE=drain\n');
  });
});
