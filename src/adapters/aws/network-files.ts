import { PortError } from '../../controller/errors.ts';
import { compactText } from './shell-text.ts';
import type { BootFile } from './user-data.ts';

/** How the instances of a pool reach the world. */
export interface NetworkSettings {
  readonly pool: string;
  /** Address of a proxy, without user and password. */
  readonly proxy?: string;
  /** What is reached without it, besides the instance itself and the metadata. */
  readonly direct?: readonly string[];
  /** Certificates of private authorities, in PEM. */
  readonly certificates?: string;
  /** Where Docker asks first for images of Docker Hub. */
  readonly registryMirror?: string;
  /** Whether user data brings settings for a bootstrap: it trusts the certificates as well. */
  readonly bootstrap?: boolean;
}

/** Characters that mean only themselves, to a shell, to systemd and in JSON. */
const PLAIN = /^[\w./:@%+,=-]*$/;
const ITSELF = 'localhost,127.0.0.1,169.254.169.254,fd00:ec2::254';

function plain(pool: string, what: string, value: string): string {
  if (PLAIN.test(value)) return value;
  throw new PortError({
    kind: 'refused',
    system: 'ec2',
    doing: `writing the ${what} of pool ${pool}`,
    why: `${JSON.stringify(value)} has characters other than letters, digits and _ . / : @ % + , = -`,
    next: 'correct the value in the configuration',
  });
}

/** What jobs and the runner need to know of the proxy. */
export function proxyVariables({ proxy, direct = [] }: NetworkSettings): Readonly<Record<string, string>> {
  if (proxy === undefined) return {};
  const around = [ITSELF, ...direct].join(',');
  return {
    http_proxy: proxy,
    https_proxy: proxy,
    no_proxy: around,
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    NO_PROXY: around,
  };
}

/** An image may have settings of its own: what this pool says stands in place of those, and the rest stays. */
const HOOK = `
root=\${RUNTIDE_ROOT:-}
settings=$root/etc/runtide
changed=

have() { command -v "$1" >/dev/null; }

# Whether a bootstrap is still to come: it has to know what it needs itself.
comes() { [ -n "$bootstrap" ] || { [ -e "$settings/bootstrap.env" ] && [ ! -e "$settings/bootstrapped" ]; }; }

# Certificates: trusted at once, and again by a bootstrap.
set -- "$settings"/pool-ca/*.crt
bundle=
if [ -e "$1" ]; then
  if comes; then
    mkdir -p "$settings/ca.d"
    cp "$@" "$settings/ca.d/"
  fi
  if have update-ca-trust; then
    anchors=$root/etc/pki/ca-trust/source/anchors
    mkdir -p "$anchors"
    cp "$@" "$anchors/"
    update-ca-trust
  else
    anchors=$root/usr/local/share/ca-certificates
    mkdir -p "$anchors"
    cp "$@" "$anchors/"
    update-ca-certificates
  fi
  # The AWS CLI brings certificates of its own.
  for file in /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/certs/ca-certificates.crt; do
    [ ! -e "$root$file" ] || bundle=$file
  done
fi

# The agent, the runner and Docker read the file.
network=$settings/network.env
ours='^#'
[ -z "$bundle" ] || ours="$ours|^AWS_CA_BUNDLE="
[ -z "$proxy" ] || ours="$ours|^(http|https|no|HTTP|HTTPS|NO)_(proxy|PROXY)="
{
  [ ! -e "$network" ] || grep -Ev "$ours" "$network" || :
  [ -z "$bundle" ] || echo "AWS_CA_BUNDLE=$bundle"
  if [ -n "$proxy" ]; then
    printf '%s\\n' "http_proxy=$proxy" "https_proxy=$proxy" "no_proxy=$around"
    printf '%s\\n' "HTTP_PROXY=$proxy" "HTTPS_PROXY=$proxy" "NO_PROXY=$around"
  fi
} >"$network.new"
if [ "$(cat "$network.new")" = "$(cat "$network" 2>/dev/null)" ]; then
  rm "$network.new"
else
  mv -f "$network.new" "$network"
  changed=yes
fi

# A bootstrap writes the file anew, and has to fetch packages itself.
if [ -n "$proxy" ] && comes && ! grep -q '^RUNTIDE_PROXY=' "$settings/bootstrap.env"; then
  printf 'RUNTIDE_PROXY=%s\\nRUNTIDE_NO_PROXY=%s\\n' "$proxy" "$around" >>"$settings/bootstrap.env"
fi

if [ -n "$mirror" ]; then
  daemon=$root/etc/docker/daemon.json
  wanted="{\\"registry-mirrors\\":[\\"$mirror\\"]}"
  if [ "$(cat "$daemon" 2>/dev/null)" != "$wanted" ]; then
    if [ -s "$daemon" ] && ! grep -q '^{"registry-mirrors":' "$daemon"; then
      echo "$daemon holds settings of somebody else: write the mirror there" >&2
      exit 1
    fi
    mkdir -p "\${daemon%/*}"
    printf '%s\\n' "$wanted" >"$daemon.new"
    mv -f "$daemon.new" "$daemon"
    changed=yes
  fi
fi

if [ -n "$changed" ] && have docker && have systemctl; then
  unit=$root/etc/systemd/system/docker.service.d
  mkdir -p "$unit"
  printf '[Service]\\nEnvironmentFile=-/etc/runtide/network.env\\n' >"$unit/runtide.conf"
  systemctl daemon-reload
  systemctl try-restart docker.service
fi
`;

function hook(settings: NetworkSettings): string {
  const { pool, proxy = '', direct = [], registryMirror = '', bootstrap = false } = settings;
  const around = [ITSELF, ...direct].join(',');
  return [
    '#!/bin/sh\n# The way out of the instances of this pool: certificates, proxy, mirror.\nset -eu\numask 022\n',
    `proxy='${plain(pool, 'proxy', proxy)}'\n`,
    `around='${plain(pool, 'hosts around the proxy', around)}'\n`,
    `mirror='${plain(pool, 'registry mirror', registryMirror)}'\n`,
    `bootstrap=${bootstrap ? 'yes' : ''}\n`,
    compactText(HOOK),
  ].join('');
}

/**
 * What an instance needs to reach the world: a hook that the agent runs before it starts anything, and the
 * certificates that it trusts. None where nothing is said. Throws `refused` for a value that a shell would not
 * take literally.
 */
export function networkFiles(settings: NetworkSettings): readonly BootFile[] {
  const { proxy, certificates, registryMirror } = settings;
  if (proxy === undefined && certificates === undefined && registryMirror === undefined) return [];
  const each = certificates?.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return [
    { mode: '0755', path: '/etc/runtide/hooks.d/pre/10-network', text: hook(settings) },
    ...each.map((certificate, index) => ({
      mode: '0644',
      // Tools of the distribution want one certificate in a file.
      path: `/etc/runtide/pool-ca/runtide-pool-${index + 1}.crt`,
      text: `${certificate}\n`,
    })),
  ];
}
