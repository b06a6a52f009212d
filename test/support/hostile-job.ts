/** What a job tries, by the row of the table in `docs/security.md`: lines of shell that succeed where it gets there. */
type Tries = Readonly<Record<string, string>>;

/** The job beside which a hostile one runs, and what it would keep to itself. */
export const VICTIM = {
  name: 'victim',
  variables: { VICTIM_SECRET: 'of-the-victim' },
  script: ['echo "of the victim" >secret', 'sleep 1000'],
};

/** A later job on the same instance; waits until what was left behind has seen it. */
export const LATER = {
  name: 'later',
  variables: { LATER_SECRET: 'of-the-later' },
  script: [
    'grep -rq "left behind" "$CI_BUILDS_DIR/left" && echo "files reached" || echo "files refused"',
    'for i in $(seq 100); do [ ! -s "$TMPDIR/overheard" ] || break; sleep 0.1; done',
    'grep -q of-the-later "$TMPDIR/overheard" && echo "process reached" || echo "process refused"',
  ],
};

const TOOLS = `
# The programs of the instance by their paths: a login shell would find those of this machine, poweroff among them.
tools=\${RUNTIDE_ROOT%/*}/tools tmp=$RUNTIDE_ROOT/tmp etc=$RUNTIDE_ROOT/etc bin=$RUNTIDE_ROOT/usr/local/bin
arguments() { tr '\\0' ' ' 2>/dev/null <"$1/cmdline"; }
variables() { tr '\\0' '\\n' 2>/dev/null <"$1/environ"; }
running() { for p in /proc/[0-9]*; do arguments "$p" | grep -F -e "$1" >/dev/null && echo "\${p#/proc/}"; done | sort -n; }
beside() { for p in /proc/[0-9]*; do variables "$p" | grep -x "$1" >/dev/null && echo "\${p#/proc/}"; done; }
ask() { curl -sf --noproxy '*' --max-time 5 "$@"; }
session() { ask -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$RUNTIDE_IMDS/latest/api/token"; }
metadata() { session=$(session) && ask -H "X-aws-ec2-metadata-token: $session" "$RUNTIDE_IMDS/latest/$1"; }
agent() { running "$bin/runtide-agent" | head -n 1; }
runner() { running "run --config $etc/gitlab-runner/config.toml" | head -n 1; }
# Without these a hostile job would look in the wrong places, and find itself refused.
set +o pipefail
[ -x "$tools/poweroff" ] && [ -x "$tools/aws" ] && [ -e "$tools/gitlab-runner" ]
until [ -n "$(beside VICTIM_SECRET=of-the-victim)" ]; do sleep 0.1; done
[ -n "$(agent)" ] && [ -n "$(runner)" ]
`;

const QUIET: Tries = {
  'read the token in the configuration of the runner': `grep 'glr[t]-' "$etc/gitlab-runner/config.toml"`,
  'find the token in the environment or the arguments of a process': `
    for p in /proc/[0-9]*; do
      { variables "$p" | grep -xF "RUNTIDE_ROOT=$RUNTIDE_ROOT" || arguments "$p" | grep -F "$RUNTIDE_ROOT/"; } || continue
      { variables "$p"; arguments "$p"; } | grep -a 'glr[t]-' && exit 0
    done
    exit 1`,
  'read the token in SSM with the role of the instance': `
    "$tools/aws" ssm get-parameter --region "$AWS_REGION" --name /runtide/linux/runner-token --with-decryption \\
      --query Parameter.Value --output text | grep 'glr[t]-'`,
  'read the settings of the agent': `cat "$etc/runtide/agent.env" || cat "$etc/runtide/config.toml.in"`,
  'read the user data on the disk': `cat "$RUNTIDE_ROOT/user-data"`,
  'get a session of the metadata': 'session',
  "read the credentials of the instance's role": `
    metadata "meta-data/iam/security-credentials/$(metadata meta-data/iam/security-credentials/)" | grep SecretAccessKey`,
  'read the user data in the metadata': 'metadata user-data',
  'read the tags in the metadata': 'metadata meta-data/tags/instance/',
  'write to the agent, its units or its settings': `
    for file in "$bin/runtide-agent" "$etc"/systemd/system/*.service "$etc"/runtide/*.*; do
      : >>"$file" && exit 0
    done
    exit 1`,
  'put a hook or a program beside them': `mkdir -p "$etc/runtide/hooks.d/other" || : >"$bin/other"`,
  'write to the program of the runner': ': >>"$tools/gitlab-runner"',
  'write to the configuration of the runner': ': >>"$etc/gitlab-runner/config.toml"',
  'write to the system id of the runner': ': >>"$etc/gitlab-runner/.runner_system_id"',
  'read the system id of the runner': 'grep r_ "$etc/gitlab-runner/.runner_system_id"',
  'write to the state of the agent': ': >"$RUNTIDE_ROOT/run/runtide/other"',
  'read the variables and the job token of a job beside it': `
    for p in $(beside VICTIM_SECRET=of-the-victim); do variables "/proc/$p"; done | grep CI_JOB_TOKEN=..`,
  'read the files of a job beside it': 'grep -r "of the victim" "$CI_BUILDS_DIR" --include secret',
  'change the files of a job beside it': `
    echo changed >>"$(grep -rl "of the victim" "$CI_BUILDS_DIR" --include secret | head -n 1)"`,
};

/** Where outcomes of the violent job are written: what it does may keep its log from GitLab. */
export const VIOLENT_OUTCOMES = 'tmp/outcomes';
/** The file for which the violent job waits before it powers the instance off. */
export const VIOLENT_GO = 'tmp/go';
/** Where the process that is left behind writes its id. */
export const LEFT_PROCESS = 'tmp/left';

const VIOLENT: Tries = {
  'end a job beside it': 'kill -9 $(beside VICTIM_SECRET=of-the-victim)',
  'end the agent': 'kill -9 "$(agent)"',
  'end the runner': 'kill -9 "$(runner)"',
};
const POWER_OFF = 'power the instance off';

/** What later jobs and the end of the instance tell. */
export const LATER_ROWS = {
  files: 'leave a file for a later job',
  process: 'leave a process that reads the variables of a later job',
  beyond: 'leave a process that outlives the instance',
} as const;

/** All rows, each with how it is found out. */
export const ROWS: readonly string[] = [
  ...Object.keys(QUIET),
  ...Object.keys(VIOLENT),
  POWER_OFF,
  ...Object.values(LATER_ROWS),
];

function tried([row, lines]: readonly [string, string]): string {
  return `if ( ${lines} ) >/dev/null 2>&1; then echo "reached: ${row}"; else echo "refused: ${row}"; fi`;
}

/**
 * What leaves a file and a process behind. `hides`: the process has nothing by which the machine could know it
 * as its own, besides its user.
 */
function leavings(hides: boolean): readonly string[] {
  const kept = hides ? '' : 'RUNTIDE_ROOT="$RUNTIDE_ROOT"';
  const overhears = 'grep -aohs "LATER_SECRET=[a-z-]*" /proc/[0-9]*/environ >"$1/overheard"';
  const waits = `echo $$ >"$1/left"; until ${overhears}; [ -s "$1/overheard" ]; do sleep 0.1; done; exec sleep 1000`;
  const process = `setsid env -i PATH="$PATH" ${kept} /bin/sh -c '${waits}' sh "$RUNTIDE_ROOT/tmp"`;
  return [
    'echo "left behind" >"$CI_BUILDS_DIR/left"',
    `${process} </dev/null >/dev/null 2>&1 &\nuntil [ -s "$RUNTIDE_ROOT/tmp/left" ]; do sleep 0.1; done`,
  ];
}

/** A job that looks around beside its victim, and leaves a file and a process behind. */
export function spy(hides: boolean) {
  return { name: 'spy', script: [TOOLS, ...Object.entries(QUIET).map(tried), ...leavings(hides)] };
}

/** A job that only leaves these behind. */
export function leaver(hides: boolean) {
  return { name: 'leaver', script: leavings(hides) };
}

/** A job that ends what it can, and at last the instance. */
export const VIOLENT_JOB = {
  name: 'violent',
  script: [
    TOOLS,
    [
      '{',
      ...Object.entries(VIOLENT).map(tried),
      'echo done',
      'until [ -e "$tmp/go" ]; do sleep 0.1; done',
      tried([POWER_OFF, '"$tools/poweroff"']),
      'echo over',
      '} >"$tmp/outcomes" 2>/dev/null </dev/null',
    ].join('\n'),
  ],
};
