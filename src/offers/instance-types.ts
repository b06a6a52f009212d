import document from '../../data/instance-types.json' with { type: 'json' };
import { type InstanceType, readTypeTable, type TypeTable } from './type-table.ts';

/** The instance types that Runtide knows without asking AWS: bundled, dated, with the prices of one region. */
export const bundledTypes: TypeTable = readTypeTable(document);

/** What is known of the type; undefined for one that the table does not hold, which is no mistake: types appear. */
export function instanceType(name: string, table: TypeTable = bundledTypes): InstanceType | undefined {
  return table.types.get(name);
}
