import { describe, expect, it } from 'vitest';
import { type AgentSettings, renderAgentEnv, type RunnerTokens } from './agent-env.ts';

const SETTINGS: AgentSettings = {
  pool: 'linux',
  region: 'eu-central-1',
  gitlabUrl: 'https://gitlab.example.com',
  tokens: { parameters: ['/runtide/linux/token'], use: 'all' },
};

describe('the settings of the agent', () => {
  it('say that it drains by itself only where it should', () => {
    expect(renderAgentEnv(SETTINGS)).not.toContain('RUNTIDE_REBALANCE');
    expect(renderAgentEnv({ ...SETTINGS, rebalance: 'drain' })).toContain('\nRUNTIDE_REBALANCE=drain\n');
  });

  it.each<[tokens: RunnerTokens, lines: readonly string[]]>([
    [{ parameters: ['/a'], use: 'all' }, ['RUNTIDE_TOKEN_PARAMETER=/a']],
    [{ parameters: ['/a', 'b.c'], use: 'all' }, ['RUNTIDE_TOKEN_PARAMETER=/a,b.c']],
    [{ parameters: ['/a', '/b'], use: 'one' }, ['RUNTIDE_TOKEN_PARAMETER=/a,/b', 'RUNTIDE_TOKEN_USE=one']],
    [{ parameters: ['/a'], use: 'own' }, ['RUNTIDE_TOKEN_PARAMETER=/a', 'RUNTIDE_TOKEN_USE=own']],
  ])('say which runners it serves: %j', (tokens, lines) => {
    const said = renderAgentEnv({ ...SETTINGS, tokens }).split('\n');
    expect(said.filter((line) => line.startsWith('RUNTIDE_TOKEN'))).toEqual(lines);
  });

  it.each<[what: string, settings: Partial<AgentSettings>, why: RegExp]>([
    ['no parameter', { tokens: { parameters: [], use: 'all' } }, /is empty/],
    [
      'a name of two',
      { tokens: { parameters: ['/a,/b'], use: 'all' } },
      /"\/a,\/b" is no name of a parameter/,
    ],
    ['an empty name', { tokens: { parameters: ['/a', ''], use: 'one' } }, /"" is no name of a parameter/],
    ['two prefixes', { tokens: { parameters: ['/a', '/b'], use: 'own' } }, /2 prefixes are named; name one/],
    [
      'jobs that several runners would have to count',
      { tokens: { parameters: ['/a', '/b'], use: 'all' }, maxJobs: 1 },
      /pool linux has maxJobs, which one runner counts, .* serves 2; remove maxJobs/,
    ],
  ])('are refused with %s', (_what, settings, why) => {
    expect(() => renderAgentEnv({ ...SETTINGS, ...settings })).toThrow(why);
  });

  it('count jobs where each instance has one runner of several', () => {
    const tokens = { parameters: ['/a', '/b'], use: 'one' } as const;
    expect(renderAgentEnv({ ...SETTINGS, tokens, maxJobs: 1 })).toContain('\nRUNTIDE_MAX_JOBS=1\n');
  });
});
