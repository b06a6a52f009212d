/**
 * Notes what it was started with and each signal; while `job` exists it finishes that first. TERM
 * ends it at once. `runner-fails` lets it exit like a runner that cannot read its configuration, and
 * `exit` with the code that stands there.
 */
export const FAKE_RUNNER = `#!@NODE@
const fs = process.getBuiltinModule('node:fs');
const root = process.env.RUNTIDE_ROOT;
const note = (file, text) => fs.appendFileSync(root + '/' + file, text + '\\n');
const given = (file, usual) => (fs.existsSync(root + '/' + file) ? fs.readFileSync(root + '/' + file, 'utf8') : usual);
if (process.argv[2] === '--version') {
  console.log('Version:      ' + given('runner-version', '18.1.0') + '\\nGit revision: 0123abcd');
  process.exit(0);
}
if (process.argv[3] === '--help') {
  console.log('OPTIONS:\\n   --max-builds value  How many builds\\n   --docker-user value  Whom\\n' + given('more-help', ''));
  process.exit(0);
}
note('seen', JSON.stringify({ argv: process.argv, env: process.env }));
const config = process.argv[process.argv.indexOf('--config') + 1];
if (process.argv[2] === 'unregister') {
  note('unregistered', process.argv.slice(2).join(' '));
  if (fs.existsSync(root + '/unregister-fails')) {
    console.error('ERROR: Failed to unregister runners');
    process.exit(0);
  }
  fs.writeFileSync(config, fs.readFileSync(config, 'utf8').split('[[runners]]')[0]);
  process.exit(0);
}
if (fs.existsSync(root + '/runner-fails')) {
  console.error('FATAL: token ' + /token = "(.*)"/.exec(fs.readFileSync(config, 'utf8'))[1] + ' is bad');
  process.exit(1);
}
process.on('SIGQUIT', () => {
  note('signals', 'QUIT');
  setInterval(() => fs.existsSync(root + '/job') || process.exit(0), 20);
});
process.on('SIGTERM', () => {
  note('signals', 'TERM');
  process.exit(0);
});
setInterval(() => given('exit', '') === '' || process.exit(Number(given('exit', ''))), 20);
note('runner-pids', process.pid);
`;

/** Answers with the file `parameter`, or with `parameters` and the name that is asked for; fails as AWS does where there is none. */
export const FAKE_AWS = `#!/bin/sh
printf '%s\\n' "$*" "endpoint=\${AWS_ENDPOINT_URL_SSM:-}" >>"$RUNTIDE_ROOT/aws-calls"
file=$RUNTIDE_ROOT/parameter
[ ! -d "$RUNTIDE_ROOT/parameters" ] || file=$RUNTIDE_ROOT/parameters$6
if [ -r "$file" ]; then
  cat "$file"
else
  printf '\\nAn error occurred (ParameterNotFound) when calling the GetParameter operation: none\\n\\n' >&2
  exit 254
fi
`;

export const FAKE_POWEROFF = `#!/bin/sh
set >"$RUNTIDE_ROOT/poweroff-env"
printf 'off\\n' >>"$RUNTIDE_ROOT/powered-off"
`;

/** Notes its calls; the runner's unit is in the state that the file \`unit-state\` names, and ended as \`unit-result\` says. */
export const FAKE_SYSTEMCTL = `#!/bin/sh
printf '%s\\n' "$*" >>"$RUNTIDE_ROOT/systemctl-calls"
case $1 in
  cat) [ -e "$RUNTIDE_ROOT/packaged" ] ;;
  start) printf active >"$RUNTIDE_ROOT/unit-state" ;;
  show)
    [ "$3" != Result ] || { printf 'Result=%s\\n' "$(cat "$RUNTIDE_ROOT/unit-result" 2>/dev/null)"; exit; }
    printf 'ActiveState=%s\\n' "$(cat "$RUNTIDE_ROOT/unit-state" 2>/dev/null)"
    ;;
esac
`;

export const FAKE_JOURNALCTL = `#!/bin/sh
printf 'last words of the unit\\n'
`;

/** The machine's clock, moved on by the seconds in the file \`clock-offset\`. */
export const FAKE_DATE = `#!/bin/sh
if [ "$*" = +%s ] && [ -r "$RUNTIDE_ROOT/clock-offset" ]; then
  echo $(($(real-date +%s) + $(cat "$RUNTIDE_ROOT/clock-offset")))
else
  exec real-date "$@"
fi
`;

/** Notes each; short seconds, so that runs are short, and real ones where there is the file `real-seconds`. */
export const FAKE_SLEEP = `#!/bin/sh
printf '%s\\n' "$1" >>"$RUNTIDE_ROOT/slept"
[ -e "$RUNTIDE_ROOT/real-seconds" ] || case $1 in
  1) set -- 0.2 ;;
  2) set -- 0.4 ;;
  4) set -- 0.8 ;;
esac
exec real-sleep "$@"
`;

/** Gives the machine an id, as systemd does where the file is empty. */
export const FAKE_MACHINE_ID_SETUP = `#!/bin/sh
echo made >"$RUNTIDE_ROOT/etc/machine-id"
`;

/** Tries a command as another user: gets through where there is the file \`metadata-open\`. */
export const FAKE_RUNUSER = `#!/bin/sh
printf '%s\\n' "$*" >>"$RUNTIDE_ROOT/tried"
[ -e "$RUNTIDE_ROOT/metadata-open" ] || exit 7
`;

/** Installs the runner as the bootstrap does, or fails as it does where there is \`bootstrap-fails\`. */
export const FAKE_BOOTSTRAP = `#!/bin/sh
printf 'bootstrap %s\\n' "$*" >>"$RUNTIDE_ROOT/steps"
if [ -e "$RUNTIDE_ROOT/bootstrap-fails" ]; then
  echo 'runtide: boot failed: no way out; check it' >>"$RUNTIDE_ROOT/console.log"
  exit 1
fi
mv "$RUNTIDE_ROOT/gitlab-runner" "$RUNTIDE_ROOT/bin/gitlab-runner"
echo HTTPS_PROXY=http://proxy.example:3128 >"$RUNTIDE_ROOT/etc/runtide/network.env"
`;
