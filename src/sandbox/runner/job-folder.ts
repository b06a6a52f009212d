import { join } from 'node:path';
import type { RunnerEntry } from './config.ts';
import type { Job } from './job.ts';
import { type JobsUser, workAsJobsUser } from './jobs-user.ts';
import { scriptText } from './script.ts';
import { shortToken } from './short-token.ts';
import { environmentOf } from './variables.ts';

/** Where a job's folder is made, and for whom. */
export interface JobPlace {
  readonly entry: RunnerEntry;
  /** Holds the folders of all jobs; theirs. */
  readonly workFolder: string;
  readonly slot: number;
  /** Owns the folder; absent: the runner's own user. */
  readonly user?: JobsUser | undefined;
}

const PUT = 'umask 077 && cat >"$1"';
/** A job may have closed folders to itself. */
const REMOVE = 'rm -rf "$1" 2>/dev/null || { chmod -R u+rwX "$1" && rm -rf "$1"; }';
const MAKE = `${REMOVE} && umask 022 && mkdir -p "$2" && umask 077 && mkdir "$1"`;

/** Where one job works: its project's folder, which stays, and a folder of scripts and file variables, which goes. */
export class JobFolder {
  readonly project: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly #scripts: string;
  readonly #job: Job;
  readonly #place: JobPlace;

  private constructor(job: Job, builds: string, project: string, place: JobPlace) {
    this.#job = job;
    this.#place = place;
    this.project = project;
    this.#scripts = `${project}.tmp`;
    const own = {
      CI_BUILDS_DIR: builds,
      CI_PROJECT_DIR: project,
      CI_CONCURRENT_ID: String(place.slot),
      CI_SERVER: 'yes',
    };
    const added = Object.entries(own).map(([key, value]) => ({
      key,
      value,
      file: false,
      masked: false,
      raw: true,
    }));
    this.environment = environmentOf([...job.variables, ...added], (key) => join(this.#scripts, key));
  }

  static async make(job: Job, place: JobPlace): Promise<JobFolder> {
    const builds = join(place.workFolder, 'builds');
    const { token } = place.entry;
    const project = join(builds, shortToken(token), String(place.slot), projectPath(job.repoUrl));
    const folder = new JobFolder(job, builds, project, place);
    await folder.#work(MAKE, [folder.#scripts, project]);
    for (const variable of job.variables.filter(({ file }) => file)) {
      await folder.#work(PUT, [join(folder.#scripts, variable.key)], variable.value);
    }
    return folder;
  }

  /** Writes a step's script and answers with its path. */
  async script(name: string, lines: readonly string[]): Promise<string> {
    const file = join(this.#scripts, `step_${name.replaceAll(/\W/g, '_')}`);
    await this.#work(PUT, [file], scriptText(lines, this.project));
    return file;
  }

  /** What must not be seen in the job's log. */
  secrets(): string[] {
    const masked = this.#job.variables.filter((variable) => variable.masked);
    return [...masked.flatMap(({ key, value }) => [value, this.environment[key] ?? '']), this.#job.token];
  }

  async removeScripts(): Promise<void> {
    await this.#work(REMOVE, [this.#scripts]);
  }

  #work(script: string, words: readonly string[], input?: string): Promise<void> {
    const { workFolder, user } = this.#place;
    return workAsJobsUser({ folder: workFolder, script, words, user, ...(input !== undefined && { input }) });
  }
}

function projectPath(repoUrl: string): string {
  if (!URL.canParse(repoUrl)) return 'project';
  const path = new URL(repoUrl).pathname.replace(/\.git$/, '').replaceAll(/^\/+|\/+$/g, '');
  return path === '' ? 'project' : path;
}
