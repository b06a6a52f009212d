#!/usr/bin/env node
// Plain JavaScript that any Node can parse, so that an old one gets a sentence instead of a stack trace.
// In a checkout the sources run unbuilt; in the published package there is only dist.
import { existsSync } from 'node:fs';
import process from 'node:process';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(
    `runtide needs Node 24.12 or newer, and this is ${process.version}: install it, or run "npx runtide" in a checkout after "npm ci"\n`,
  );
  process.exit(64);
}

const source = new URL('../src/cli/main.ts', import.meta.url);
await import(existsSync(source) ? source.href : new URL('../dist/cli/main.js', import.meta.url).href);
