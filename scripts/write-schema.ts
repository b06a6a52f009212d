import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jsonSchema } from '../src/config/json-schema.ts';

const file = join(import.meta.dirname, '../schema/runtide.schema.json');
await writeFile(file, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
