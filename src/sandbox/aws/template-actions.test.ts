import * as sdk from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { refusalOf, startAwsDouble, templateData, templateOf } from '../../../test/support/aws-double.ts';

describe('versions of launch templates', () => {
  it('go one by one, but for the default; their numbers do not come back', async () => {
    await using double = await startAwsDouble();
    const { ec2 } = double;
    const LaunchTemplateId = await templateOf(ec2);
    const add = async (): Promise<number | undefined> => {
      const command = new sdk.CreateLaunchTemplateVersionCommand({
        LaunchTemplateId,
        LaunchTemplateData: templateData,
      });
      return (await ec2.send(command)).LaunchTemplateVersion?.VersionNumber;
    };
    expect([await add(), await add()]).toEqual([2, 3]);
    const answer = await ec2.send(
      new sdk.DeleteLaunchTemplateVersionsCommand({ LaunchTemplateId, Versions: ['1', '3', '9'] }),
    );
    expect(answer.SuccessfullyDeletedLaunchTemplateVersions).toEqual([
      { LaunchTemplateId, LaunchTemplateName: 'pool', VersionNumber: 3 },
    ]);
    expect(
      answer.UnsuccessfullyDeletedLaunchTemplateVersions?.map(({ VersionNumber, ResponseError }) => [
        VersionNumber,
        ResponseError?.Code,
      ]),
    ).toEqual([
      [1, 'unexpectedError'],
      [9, 'launchTemplateVersionDoesNotExist'],
    ]);
    const { LaunchTemplates } = await ec2.send(new sdk.DescribeLaunchTemplatesCommand({}));
    expect(LaunchTemplates).toMatchObject([{ DefaultVersionNumber: 1, LatestVersionNumber: 2 }]);
    expect(await add()).toBe(4);
    const Versions = Array.from({ length: 201 }, (_, index) => String(index + 1));
    const many = new sdk.DeleteLaunchTemplateVersionsCommand({ LaunchTemplateId, Versions });
    expect(await refusalOf(ec2.send(many))).toMatchObject({ name: 'InvalidParameterValue' });
  });

  it('belong to templates that are found by their tags', async () => {
    await using double = await startAwsDouble();
    const { ec2 } = double;
    for (const name of ['one', 'two']) {
      await ec2.send(
        new sdk.CreateLaunchTemplateCommand({
          LaunchTemplateName: `pool-${name}`,
          LaunchTemplateData: templateData,
          TagSpecifications: [{ ResourceType: 'launch-template', Tags: [{ Key: 'owner', Value: name }] }],
        }),
      );
    }
    const names = async (Name: string, Value: string): Promise<readonly (string | undefined)[]> => {
      const Filters = [{ Name, Values: [Value] }];
      const { LaunchTemplates } = await ec2.send(new sdk.DescribeLaunchTemplatesCommand({ Filters }));
      return (LaunchTemplates ?? []).map(({ LaunchTemplateName }) => LaunchTemplateName);
    };
    expect(await names('tag:owner', 'two')).toEqual(['pool-two']);
    expect(await names('tag:other', '*')).toEqual([]);
    expect(await names('tag-key', 'owner')).toEqual(['pool-one', 'pool-two']);
    await expect(names('colour', 'red')).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });
});
