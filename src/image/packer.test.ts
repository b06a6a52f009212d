import { describe, expect, it } from 'vitest';
import { renderPacker } from './packer.ts';
import { BASES, BOOTSTRAP, CERTIFICATE, FULL, HOOK, PLATFORMS, recipe, SHA256, textOf } from './test-wish.ts';

/** What stands between brackets and outside strings and comments must nest. */
function nests(hcl: string): boolean {
  const open: string[] = [];
  const bare = hcl.replace(/#.*$/gm, '').replace(/"(?:\\.|[^"\\])*"/g, '');
  for (const [bracket] of bare.matchAll(/[[\]{}()]/g)) {
    if ('[{('.includes(bracket)) open.push(bracket);
    else if ('[{('.indexOf(open.pop() ?? ' ') !== ']})'.indexOf(bracket)) return false;
  }
  return open.length === 0 && !bare.includes('"');
}

describe.each(PLATFORMS)('a Packer template for $system on $architecture', (platform) => {
  const files = renderPacker(recipe({ ...platform, ...FULL }));
  const hcl = textOf(files, 'runtide.pkr.hcl');

  it('is HCL with a source and a build', () => {
    expect(nests(hcl)).toBe(true);
    expect(hcl.match(/^(packer|variable|data|locals|source|build)\b[^{]*\{$/gm)).toEqual(
      expect.arrayContaining(['packer {', 'source "amazon-ebs" "image" {', 'build {']),
    );
    expect(hcl.match(/^variable /gm)).toHaveLength(7);
  });

  it("starts from the distributor's latest image of that architecture", () => {
    expect(hcl).toContain(`name   = "${BASES[`${platform.system} ${platform.architecture}`] ?? 'none'}"`);
    expect(hcl).toContain('source_ami              = data.amazon-parameterstore.base.value');
    expect(hcl).toContain(
      `ssh_username            = "${platform.system === 'al2023' ? 'ec2-user' : 'ubuntu'}"`,
    );
  });

  it('says on image, snapshots and build what they are', () => {
    const base = BASES[`${platform.system} ${platform.architecture}`] ?? 'none';
    const [tags = ''] = hcl.match(/^ {2}tags = \{$[^}]*/m) ?? [];
    expect(tags).toMatch(/^ {4}"runtide:image"\s+= "packer"$/m);
    expect(tags).toContain(`"runtide:source"         = "${base}"`);
    expect(hcl.match(/^ {2}(?:tags|run_tags|snapshot_tags)\s+= local\.tags$/gm)).toHaveLength(3);
  });

  it('is encrypted, speaks IMDSv2 alone, and keeps no key', () => {
    expect(hcl).toMatch(/^ {4}encrypted\s+= true$/m);
    expect(hcl).toMatch(/^ {4}http_tokens\s+= "required"$/m);
    expect(hcl).toMatch(/^ {2}imds_support\s+= "v2.0"$/m);
    expect(hcl).toMatch(/^ {2}ssh_clear_authorized_keys\s+= true$/m);
  });

  it('puts every file into the image, byte for byte, and then runs the bootstrap', () => {
    expect(textOf(files, 'files/usr/local/sbin/runtide-bootstrap')).toBe(BOOTSTRAP);
    expect(textOf(files, 'files/etc/runtide/hooks.d/pre/01-first')).toBe(HOOK);
    expect(textOf(files, 'files/etc/runtide/ca.d/company.crt')).toBe(CERTIFICATE);
    const sources = [...hcl.matchAll(/source\s+= "\$\{path\.root\}\/(.+)"/g)].map(([, path]) => path);
    expect(sources).toEqual(files.slice(1).map(({ path }) => path));
    expect(hcl).toContain(
      'sudo install -D -o root -g root -m 0755 /tmp/runtide/0 /usr/local/sbin/runtide-bootstrap',
    );
    const commands = [...hcl.matchAll(/^ {6}"(.*)",$/gm)].map(([, command]) => command);
    expect(commands.at(-1)).toBe('sudo /usr/local/sbin/runtide-bootstrap image');
  });

  it('pins the runner', () => {
    const env = textOf(files, 'files/etc/runtide/bootstrap.env');
    expect(env).toContain(`RUNTIDE_RUNNER_VERSION=18.3.0\nRUNTIDE_RUNNER_SHA256=${SHA256}\n`);
    expect(env).toContain(`/v18.3.0/binaries/gitlab-runner-linux-${platform.architecture}\n`);
  });
});
