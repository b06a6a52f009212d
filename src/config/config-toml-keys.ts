/** What a key of config.toml holds. */
export type TomlKind = 'text' | 'number' | 'flag' | 'texts' | 'text map' | 'flag map' | 'table' | 'duration';

/** What is known of one table of config.toml. */
export interface TomlKeys {
  /** What Runtide decides, and the key of the pool to use in place of it; undefined where there is none. */
  readonly decided: Readonly<Record<string, string | undefined>>;
  /** The kinds of others, as gitlab-runner's `common/config.go` has them at d79f3e7b89ab (19.4). */
  readonly kinds: Readonly<Record<string, TomlKind>>;
}

function all<Kind extends TomlKind>(kind: Kind, names: string): Readonly<Record<string, Kind>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]));
}

function nowhere(names: string): Readonly<Record<string, undefined>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, undefined]));
}

/** The top of the file. */
export const GLOBAL_KEYS: TomlKeys = {
  decided: {
    concurrent: 'slots',
    check_interval: 'checkInterval',
    listen_address: 'manager.listenAddress',
    connection_max_age: 'manager.connectionMaxAge',
    shutdown_timeout: 'manager.shutdownTimeout',
    log_level: 'manager.log.level',
    log_format: 'manager.log.format',
    session_server: 'manager.sessionServer',
    runners: 'manager.configToml.runner',
    ...nowhere('user machine system_id'),
  },
  kinds: { sentry_dsn: 'text', labels: 'text map', experimental: 'table' },
};

/** A table of `[[runners]]`. */
export const RUNNER_KEYS: TomlKeys = {
  decided: {
    url: 'gitlab.url',
    token: 'runner.tokenParameter',
    id: 'runner.id',
    executor: 'executor',
    limit: 'slots',
    request_concurrency: 'manager.requestConcurrency',
    output_limit: 'manager.outputLimit',
    shell: 'manager.shell',
    pre_get_sources_script: 'manager.scripts.preGetSources',
    post_get_sources_script: 'manager.scripts.postGetSources',
    pre_build_script: 'manager.scripts.preBuild',
    post_build_script: 'manager.scripts.postBuild',
    environment: 'environment',
    cache: 'cache',
    docker: 'manager.configToml.docker',
    'tls-ca-file': 'caFile',
    ...nowhere('name system_id token_obtained_at token_expires_at machine autoscaler instance'),
    ...nowhere('ssh parallels virtualbox kubernetes custom'),
  },
  kinds: {
    ...all(
      'text',
      'builds_dir cache_dir clone_url tls-cert-file tls-key-file slot_cgroup_template step_runner_image',
    ),
    ...all('number', 'unhealthy_requests_limit job_status_final_update_retry_limit'),
    ...all('flag', 'strict_check_interval debug_trace_disabled safe_directory_checkout clean_git_config'),
    ...all('flag', 'proxy_exec use_slot_cgroups'),
    ...all('duration', 'unhealthy_interval prepare_timeout get_sources_timeout'),
    ...all('table', 'custom_build_dir referees artifact monitoring experimental'),
    feature_flags: 'flag map',
    labels: 'text map',
  },
};

/** The table `[runners.docker]`. */
export const DOCKER_KEYS: TomlKeys = {
  decided: {
    image: 'docker.image',
    privileged: 'docker.privileged',
    volumes: 'docker.volumes',
    pull_policy: 'docker.pullPolicy',
    allowed_pull_policies: 'docker.allowedPullPolicies',
    gpus: 'docker.gpus',
    services: 'docker.services',
    allowed_images: 'docker.allowedImages',
    allowed_services: 'docker.allowedServices',
    wait_for_services_timeout: 'docker.waitForServicesTimeout',
    memory: 'docker.memory',
    cpus: 'docker.cpus',
    shm_size: 'docker.shmSize',
    network_mode: 'docker.networkMode',
    dns: 'docker.dns',
    extra_hosts: 'docker.extraHosts',
    helper_image: 'docker.helperImage',
    tls_verify: 'docker.tlsVerify',
    disable_cache: 'docker.disableCache',
  },
  kinds: {
    ...all('text', 'host tls_cert_path hostname runtime memory_swap memory_reservation cgroup_parent'),
    ...all(
      'text',
      'cpuset_cpus cpuset_mems user userns_mode volume_driver cache_dir pid_mode ipcmode mac_address',
    ),
    ...all('text', 'service_memory service_memory_swap service_memory_reservation service_cgroup_parent'),
    ...all('text', 'service_slot_cgroup_template service_cpuset_cpus service_cpus service_gpus isolation'),
    ...all('text', 'helper_image_flavor'),
    ...all('number', 'cpu_shares service_cpu_shares oom_score_adjust services_limit network_mtu'),
    ...all(
      'flag',
      'services_privileged disable_entrypoint_overwrite oom_kill_disable volume_keep enable_ipv6',
    ),
    ...all('texts', 'dns_search allowed_users group_add cap_add cap_drop security_opt services_security_opt'),
    ...all('texts', 'devices device_cgroup_rules volumes_from links allowed_privileged_images'),
    ...all('texts', 'allowed_privileged_services'),
    ...all('text map', 'volume_driver_ops tmpfs services_tmpfs sysctls container_labels ulimit log_options'),
    services_devices: 'table',
  },
};
