import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunnerEntry } from './config.ts';
import type { Job } from './job.ts';
import { scriptText } from './script.ts';
import { shortToken } from './short-token.ts';
import { environmentOf } from './variables.ts';

/** Where one job works: its project's folder, which stays, and a folder of scripts and file variables, which goes. */
export class JobFolder {
  readonly project: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly #scripts: string;
  readonly #job: Job;

  private constructor(job: Job, builds: string, project: string, slot: number) {
    this.#job = job;
    this.project = project;
    this.#scripts = `${project}.tmp`;
    const own = {
      CI_BUILDS_DIR: builds,
      CI_PROJECT_DIR: project,
      CI_CONCURRENT_ID: String(slot),
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

  static async make(job: Job, entry: RunnerEntry, workFolder: string, slot: number): Promise<JobFolder> {
    const builds = join(workFolder, 'builds');
    const project = join(builds, shortToken(entry.token), String(slot), projectPath(job.repoUrl));
    const folder = new JobFolder(job, builds, project, slot);
    await mkdir(project, { recursive: true });
    await rm(folder.#scripts, { recursive: true, force: true });
    await mkdir(folder.#scripts, { mode: 0o700 });
    for (const variable of job.variables.filter(({ file }) => file)) {
      await writeFile(join(folder.#scripts, variable.key), variable.value, { mode: 0o600 });
    }
    return folder;
  }

  /** Writes a step's script and answers with its path. */
  async script(name: string, lines: readonly string[]): Promise<string> {
    const file = join(this.#scripts, `step_${name.replaceAll(/\W/g, '_')}`);
    await writeFile(file, scriptText(lines, this.project), { mode: 0o700 });
    return file;
  }

  /** What must not be seen in the job's log. */
  secrets(): string[] {
    const masked = this.#job.variables.filter((variable) => variable.masked);
    return [...masked.flatMap(({ key, value }) => [value, this.environment[key] ?? '']), this.#job.token];
  }

  async removeScripts(): Promise<void> {
    await rm(this.#scripts, { recursive: true, force: true });
  }
}

function projectPath(repoUrl: string): string {
  if (!URL.canParse(repoUrl)) return 'project';
  const path = new URL(repoUrl).pathname.replace(/\.git$/, '').replaceAll(/^\/+|\/+$/g, '');
  return path === '' ? 'project' : path;
}
