import type { TemplateVersionRef } from '../../../adapters/memory/ec2/launch-template.ts';
import type { QueryParameters } from '../query-parameters.ts';
import type { XmlTree } from '../xml.ts';

/** Reads which version of a launch template a structure means; undefined where there is no structure. */
export function readTemplateRef(structure: QueryParameters | undefined): TemplateVersionRef | undefined {
  if (structure === undefined) return undefined;
  return {
    id: structure.text('LaunchTemplateId'),
    name: structure.text('LaunchTemplateName'),
    version: structure.text('Version'),
  };
}

export function writeTemplateRef(ref: TemplateVersionRef | undefined): XmlTree | undefined {
  if (ref === undefined) return undefined;
  return { LaunchTemplateId: ref.id, LaunchTemplateName: ref.name, Version: ref.version };
}
