import type { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import { Ec2Error } from '../../adapters/memory/ec2/error.ts';
import type {
  DeletedVersion,
  LaunchTemplate,
  LaunchTemplateData,
  LaunchTemplateVersion,
  TemplateRef,
} from '../../adapters/memory/ec2/launch-template.ts';
import { readFilters, readPaging } from './paging-wire.ts';
import type { QueryParameters } from './query-parameters.ts';
import { readTagSpecifications, writeTags } from './tag-wire.ts';
import { readTemplateData, writeTemplateData } from './template-data-wire.ts';
import type { XmlTree } from './xml.ts';

export const templateActions = {
  CreateLaunchTemplate(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const request = {
      clientToken: parameters.text('ClientToken'),
      name: parameters.required('LaunchTemplateName'),
      description: parameters.text('VersionDescription'),
      data: requiredData(parameters),
      tagSpecifications: readTagSpecifications(parameters),
    };
    parameters.finish();
    return { launchTemplate: templateXml(ec2.createLaunchTemplate(request), ec2) };
  },

  CreateLaunchTemplateVersion(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const request = {
      ...readRef(parameters),
      clientToken: parameters.text('ClientToken'),
      description: parameters.text('VersionDescription'),
      sourceVersion: parameters.text('SourceVersion'),
      data: requiredData(parameters),
    };
    parameters.finish();
    return { launchTemplateVersion: versionXml(ec2.createLaunchTemplateVersion(request), ec2) };
  },

  DescribeLaunchTemplates(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const request = {
      ids: parameters.texts('LaunchTemplateId'),
      names: parameters.texts('LaunchTemplateName'),
      filters: readFilters(parameters),
      ...readPaging(parameters),
    };
    parameters.finish();
    const { items, nextToken } = ec2.describeLaunchTemplates(request);
    return { launchTemplates: items.map((template) => templateXml(template, ec2)), nextToken };
  },

  DescribeLaunchTemplateVersions(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const request = {
      ...readRef(parameters),
      versions: parameters.texts('LaunchTemplateVersion'),
      ...readPaging(parameters),
    };
    parameters.finish();
    const { items, nextToken } = ec2.describeLaunchTemplateVersions(request);
    return { launchTemplateVersionSet: items.map((version) => versionXml(version, ec2)), nextToken };
  },

  DeleteLaunchTemplate(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const ref = readRef(parameters);
    parameters.finish();
    return { launchTemplate: templateXml(ec2.deleteLaunchTemplate(ref), ec2) };
  },

  DeleteLaunchTemplateVersions(parameters: QueryParameters, ec2: Ec2): XmlTree {
    const ref = readRef(parameters);
    const versions = parameters.texts('LaunchTemplateVersion');
    parameters.finish();
    const { template, deleted, kept } = ec2.deleteLaunchTemplateVersions(ref, versions);
    return {
      successfullyDeletedLaunchTemplateVersionSet: deleted.map((one) => deletedXml(template, one)),
      unsuccessfullyDeletedLaunchTemplateVersionSet: kept.map((one) => deletedXml(template, one)),
    };
  },
};

function readRef(parameters: QueryParameters): TemplateRef {
  return { id: parameters.text('LaunchTemplateId'), name: parameters.text('LaunchTemplateName') };
}

function requiredData(parameters: QueryParameters): LaunchTemplateData {
  const data = parameters.structure('LaunchTemplateData');
  if (data !== undefined) return readTemplateData(data);
  throw new Ec2Error('MissingParameter', 'The request must contain the parameter LaunchTemplateData');
}

function templateXml(template: LaunchTemplate, ec2: Ec2): XmlTree {
  return {
    launchTemplateId: template.id,
    launchTemplateName: template.name,
    createTime: new Date(template.createdAt),
    createdBy: creator(ec2),
    defaultVersionNumber: template.defaultVersion,
    latestVersionNumber: template.latestVersion,
    tagSet: writeTags(template.tags.map(({ key, value }) => [key, value])),
  };
}

function deletedXml({ id, name }: LaunchTemplate, { number, refusal }: DeletedVersion): XmlTree {
  return {
    launchTemplateId: id,
    launchTemplateName: name,
    versionNumber: number,
    responseError: refusal && { ...refusal },
  };
}

function versionXml(version: LaunchTemplateVersion, ec2: Ec2): XmlTree {
  return {
    launchTemplateId: version.templateId,
    launchTemplateName: version.templateName,
    versionNumber: version.version,
    versionDescription: version.description,
    createTime: new Date(version.createdAt),
    createdBy: creator(ec2),
    defaultVersion: version.isDefault,
    launchTemplateData: writeTemplateData(version.data),
  };
}

function creator(ec2: Ec2): string {
  return `arn:aws:iam::${ec2.place.account}:user/sandbox`;
}
