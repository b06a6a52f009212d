import { describe, expect, it } from 'vitest';
import { loadSample, mistakesWith } from '../../test/support/sample-config.ts';

const TOKEN = { 'webhook.token': '3fd1c9a07be24c5586d1f0a9b7c4e213' };

describe('webhook.url', () => {
  it.each([
    ['https://runtide.example.com/webhook', 'https://runtide.example.com/webhook'],
    ['http://127.0.0.1:8470/webhook/', 'http://127.0.0.1:8470/webhook'],
  ])('takes %j', async (url, loaded) => {
    expect((await loadSample({ ...TOKEN, 'webhook.url': url })).webhook?.url).toBe(loaded);
  });

  it.each([
    '',
    'runtide.example.com/webhook',
    'ftp://runtide.example.com/webhook',
    'https://runtide.example.com',
    'https://runtide.example.com/',
    'https://user:secret@runtide.example.com/webhook',
    'https://runtide.example.com/webhook?token=x',
    7,
  ])('refuses %j', async (url) => {
    const mistakes = await mistakesWith({ ...TOKEN, 'webhook.url': url });
    expect(mistakes.map(({ path }) => path)).toEqual(['webhook.url']);
  });
});
