import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { renderComponent } from './component.ts';
import type { ImageRecipe, RenderedFile } from './image-recipe.ts';

const sub = (text: string) => ({ 'Fn::Sub': text });
const ref = (name: string) => ({ Ref: name });
const arn = (name: string) => ({ 'Fn::GetAtt': [name, 'Arn'] });
const given = (condition: string, value: unknown) => ({
  'Fn::If': [condition, value, { Ref: 'AWS::NoValue' }],
});

function parameter(description: string, initial: string) {
  return { Type: 'String', Description: description, Default: initial };
}

function parameters(recipe: ImageRecipe) {
  return {
    InstanceType: parameter('Type that the image is built on', recipe.platform.buildType),
    SubnetId: parameter('Subnet with a way out to the network; empty: one of the default VPC', ''),
    SecurityGroupId: parameter('Security group of the build; needed with a subnet', ''),
    VolumeSize: { Type: 'Number', Description: 'Size of the root volume, in GiB', Default: 20, MinValue: 8 },
    KmsKeyArn: parameter("KMS key that encrypts the image; empty: the account's default key", ''),
    Schedule: parameter('When to look for a newer base image', 'cron(0 3 ? * sun *)'),
    KeepImages: {
      Type: 'Number',
      Description: 'How many of the newest images stay; 0: all. "runtide clean" deletes with more care',
      Default: 0,
      MinValue: 0,
      MaxValue: 1000,
    },
  };
}

function trustIn(service: string) {
  const Principal = { Service: sub(`${service}.\${AWS::URLSuffix}`) };
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }] };
}

function role({ settings }: ImageRecipe) {
  const policies = ['EC2InstanceProfileForImageBuilder', 'AmazonSSMManagedInstanceCore'];
  if (settings.ecrRegistries.length > 0) policies.push('AmazonEC2ContainerRegistryReadOnly');
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: trustIn('ec2'),
      ManagedPolicyArns: policies.map((name) => sub(`arn:\${AWS::Partition}:iam::aws:policy/${name}`)),
    },
  };
}

const RECIPE_VERSION = '1.0.0';

/** Versions of recipes and components never change: another content needs another name. */
function recipeName(mark: string) {
  return sub(`\${AWS::StackName}-${mark}-\${VolumeSize}`);
}

function recipeResource({ platform }: ImageRecipe, mark: string) {
  return {
    Type: 'AWS::ImageBuilder::ImageRecipe',
    Properties: {
      Name: recipeName(mark),
      Version: RECIPE_VERSION,
      ParentImage: `ssm:${platform.baseParameter}`,
      Components: [{ ComponentArn: arn('Component') }],
      BlockDeviceMappings: [
        {
          DeviceName: platform.rootDevice,
          Ebs: {
            VolumeType: 'gp3',
            VolumeSize: ref('VolumeSize'),
            Encrypted: true,
            DeleteOnTermination: true,
          },
        },
      ],
    },
  };
}

function infrastructure() {
  return {
    Type: 'AWS::ImageBuilder::InfrastructureConfiguration',
    Properties: {
      Name: sub('${AWS::StackName}'),
      InstanceTypes: [ref('InstanceType')],
      InstanceProfileName: ref('BuildProfile'),
      SubnetId: given('HasSubnet', ref('SubnetId')),
      SecurityGroupIds: given('HasSecurityGroup', [ref('SecurityGroupId')]),
      InstanceMetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      TerminateInstanceOnFailure: true,
    },
  };
}

function distribution({ platform, settings }: ImageRecipe) {
  return {
    Type: 'AWS::ImageBuilder::DistributionConfiguration',
    Properties: {
      Name: sub('${AWS::StackName}'),
      Distributions: [
        {
          Region: ref('AWS::Region'),
          AmiDistributionConfiguration: {
            Name: `runtide-${platform.system}-${platform.architecture}-${settings.runner.version}-{{ imagebuilder:buildDate }}`,
            KmsKeyId: given('HasKey', ref('KmsKeyArn')),
            AmiTags: {
              'runtide:image': 'image-builder',
              'runtide:source': platform.baseParameter,
              'runtide:system': platform.system,
              'runtide:architecture': platform.architecture,
              'runtide:runner-version': settings.runner.version,
            },
          },
        },
      ],
    },
  };
}

function pipeline() {
  return {
    Type: 'AWS::ImageBuilder::ImagePipeline',
    Properties: {
      Name: sub('${AWS::StackName}'),
      ImageRecipeArn: arn('Recipe'),
      InfrastructureConfigurationArn: arn('Infrastructure'),
      DistributionConfigurationArn: arn('Distribution'),
      ImageTestsConfiguration: { ImageTestsEnabled: true, TimeoutMinutes: 60 },
      Schedule: {
        ScheduleExpression: ref('Schedule'),
        PipelineExecutionStartCondition: 'EXPRESSION_MATCH_AND_DEPENDENCY_UPDATES_AVAILABLE',
      },
      Status: 'ENABLED',
    },
  };
}

function lifecycleRole() {
  return {
    Type: 'AWS::IAM::Role',
    Condition: 'HasKeep',
    Properties: {
      AssumeRolePolicyDocument: trustIn('imagebuilder'),
      ManagedPolicyArns: [
        sub('arn:${AWS::Partition}:iam::aws:policy/service-role/EC2ImageBuilderLifecycleExecutionPolicy'),
      ],
    },
  };
}

/**
 * Image Builder does not know what a configuration names: an image from which something was launched within half
 * a year stays, whatever its age.
 */
function lifecycle(mark: string) {
  return {
    Type: 'AWS::ImageBuilder::LifecyclePolicy',
    Condition: 'HasKeep',
    Properties: {
      Name: sub('${AWS::StackName}'),
      Description: 'Deletes old images with their snapshots',
      ExecutionRole: arn('LifecycleRole'),
      ResourceType: 'AMI_IMAGE',
      Status: 'ENABLED',
      PolicyDetails: [
        {
          Action: { Type: 'DELETE', IncludeResources: { Amis: true, Snapshots: true } },
          Filter: { Type: 'COUNT', Value: ref('KeepImages') },
          ExclusionRules: { Amis: { LastLaunched: { Unit: 'WEEKS', Value: 26 } } },
        },
      ],
      ResourceSelection: {
        Recipes: [{ Name: recipeName(mark), SemanticVersion: RECIPE_VERSION }],
      },
    },
  };
}

/** A CloudFormation template with a pipeline of EC2 Image Builder and all that it needs. */
export function renderImageBuilder(recipe: ImageRecipe): readonly RenderedFile[] {
  const { platform, settings } = recipe;
  const data = renderComponent(recipe, 'runtide');
  const mark = createHash('sha256').update(`${platform.baseParameter}\n${data}`).digest('hex').slice(0, 12);
  const template = {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `Image for Runtide: GitLab Runner ${settings.runner.version} on ${platform.system}, ${platform.architecture}`,
    Parameters: parameters(recipe),
    Conditions: {
      HasSubnet: { 'Fn::Not': [{ 'Fn::Equals': [ref('SubnetId'), ''] }] },
      HasSecurityGroup: { 'Fn::Not': [{ 'Fn::Equals': [ref('SecurityGroupId'), ''] }] },
      HasKey: { 'Fn::Not': [{ 'Fn::Equals': [ref('KmsKeyArn'), ''] }] },
      HasKeep: { 'Fn::Not': [{ 'Fn::Equals': [ref('KeepImages'), 0] }] },
    },
    Resources: {
      BuildRole: role(recipe),
      BuildProfile: { Type: 'AWS::IAM::InstanceProfile', Properties: { Roles: [ref('BuildRole')] } },
      Component: {
        Type: 'AWS::ImageBuilder::Component',
        Properties: {
          Name: sub(`\${AWS::StackName}-${mark}`),
          Version: '1.0.0',
          Platform: 'Linux',
          Data: data,
        },
      },
      Recipe: recipeResource(recipe, mark),
      Infrastructure: infrastructure(),
      Distribution: distribution(recipe),
      Pipeline: pipeline(),
      LifecycleRole: lifecycleRole(),
      Lifecycle: lifecycle(mark),
    },
    Outputs: { Pipeline: { Description: 'ARN of the pipeline; start it once', Value: arn('Pipeline') } },
  };
  return [
    { path: 'runtide-image.yaml', text: stringify(template, { lineWidth: 0, aliasDuplicateObjects: false }) },
  ];
}
