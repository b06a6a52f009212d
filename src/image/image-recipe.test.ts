import { describe, expect, it } from 'vitest';
import type { BootstrapSettings } from '../bootstrap/bootstrap-settings.ts';
import { recipe, SETTINGS, SHA256 } from './test-wish.ts';

describe('what no image gets', () => {
  it.each(['token=glrt-t3_abcdefgh12345678', 'AKIAABCDEFGHIJKLMNOP', '-----BEGIN RSA PRIVATE KEY-----'])(
    '%s',
    (secret) => {
      const hooks = { pre: [{ name: 'leak', text: `#!/bin/sh\n${secret}\n` }], post: [] };
      expect(() => recipe({ hooks })).toThrow(
        'putting /etc/runtide/hooks.d/pre/01-leak into the image: a secret stands in it; fetch it on the instance',
      );
    },
  );

  it('a proxy with a password', () => {
    const settings = { ...SETTINGS, proxy: 'http://user:hunter2@proxy.example:3128' };
    const leak = () => recipe({ settings });
    expect(leak).toThrow('the proxy has a user; take one that asks for none');
    expect(leak).not.toThrow('hunter2');
  });

  it.each<[Partial<BootstrapSettings>, string]>([
    [{ images: ['alpine:3 && reboot'] }, 'RUNTIDE_IMAGES is "alpine:3 && reboot"; use letters'],
    [{ docker: false, images: ['alpine:3'] }, 'images, mirror or ECR without Docker'],
    [{ packages: ['a,b'] }, 'RUNTIDE_PACKAGES is "a,b"'],
    [{ runner: { version: '18', sha256: SHA256 } }, 'the version of gitlab-runner is "18"'],
    [{ runner: { version: '18.3.0', sha256: SHA256.toUpperCase() } }, 'the SHA-256 of gitlab-runner is'],
  ])('settings such as %j', (settings, said) => {
    expect(() => recipe({ settings: { ...SETTINGS, ...settings } })).toThrow(said);
  });

  it('files that are not what they should be', () => {
    expect(() => recipe({ certificates: [{ name: 'ca.der', text: '0\u0082' }] })).toThrow(
      'putting ca.der into the image: it holds no certificate in PEM; convert it',
    );
    expect(() => recipe({ hooks: { pre: [], post: [{ name: 'x', text: 'echo' }] } })).toThrow(
      'putting the hook x into the image: it does not start with #!',
    );
    expect(() => recipe({ hooks: { pre: [{ name: 'a b', text: '#!/bin/sh' }], post: [] } })).toThrow(
      'rename the file',
    );
  });
});
