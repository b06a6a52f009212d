import { BOOTSTRAP_PATH, type ImageRecipe, type MachineFile, type RenderedFile } from './image-recipe.ts';

const UPLOADED = '/tmp/runtide';

/** A string of HCL, in which nothing is a reference. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[$%](?=\{)/g, '$&$&');
}

function variable(name: string, description: string, initial?: string): string {
  return [
    `variable "${name}" {`,
    '  type        = string',
    `  description = ${quoted(description)}`,
    ...(initial === undefined ? [] : [`  default     = ${quoted(initial)}`]),
    '}',
    '',
  ].join('\n');
}

function upload(place: string, index: number): string {
  return [
    '  provisioner "file" {',
    `    source      = "\${path.root}/${place}"`,
    `    destination = "${UPLOADED}/${index}"`,
    '  }',
    '',
  ].join('\n');
}

function shell(commands: readonly string[]): string {
  return [
    '  provisioner "shell" {',
    '    inline = [',
    ...commands.map((command) => `      ${quoted(command)},`),
    '    ]',
    '  }',
    '',
  ].join('\n');
}

function install({ path, mode }: MachineFile, index: number): string {
  return `sudo install -D -o root -g root -m ${mode} ${UPLOADED}/${index} ${path}`;
}

function source({ platform, settings }: ImageRecipe): string {
  const kind = `${platform.system}-${platform.architecture}`;
  return `data "amazon-parameterstore" "base" {
  name   = ${quoted(platform.baseParameter)}
  region = var.region
}

locals {
  tags = {
    Name                     = ${quoted(`runtide ${kind}`)}
    "runtide:image"          = "packer"
    "runtide:source"         = ${quoted(platform.baseParameter)}
    "runtide:system"         = ${quoted(platform.system)}
    "runtide:architecture"   = ${quoted(platform.architecture)}
    "runtide:runner-version" = ${quoted(settings.runner.version)}
  }
}

source "amazon-ebs" "image" {
  region                  = var.region
  subnet_id               = var.subnet_id
  instance_type           = var.instance_type
  iam_instance_profile    = var.instance_profile
  source_ami              = data.amazon-parameterstore.base.value
  ssh_username            = ${quoted(platform.user)}
  ssh_interface           = var.ssh_interface
  temporary_key_pair_type = "ed25519"

  # The key of this one build must not open what is made of it.
  ssh_clear_authorized_keys = true

  ami_name        = "runtide-${kind}-${settings.runner.version}-\${formatdate("YYYYMMDDhhmmss", timestamp())}"
  ami_description = ${quoted(`GitLab Runner ${settings.runner.version} on ${kind}, for Runtide`)}
  imds_support    = "v2.0"
  tags            = local.tags
  run_tags        = local.tags
  snapshot_tags   = local.tags

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  launch_block_device_mappings {
    device_name           = ${quoted(platform.rootDevice)}
    volume_type           = "gp3"
    volume_size           = var.volume_size
    encrypted             = true
    kms_key_id            = var.kms_key_id
    delete_on_termination = true
  }
}
`;
}

function build(files: readonly MachineFile[], places: readonly string[]): string {
  return [
    'build {',
    '  sources = ["source.amazon-ebs.image"]',
    '',
    // A machine that is still in its first boot holds the package manager; a degraded one is fine.
    shell(['cloud-init status --wait >/dev/null || true', `mkdir -p ${UPLOADED}`]),
    ...places.map(upload),
    shell([...files.map(install), `rm -rf ${UPLOADED}`, `sudo ${BOOTSTRAP_PATH} image`]),
    '}',
    '',
  ].join('\n');
}

/** A Packer template in HCL, and beside it, byte for byte, the files that it puts into the image. */
export function renderPacker(recipe: ImageRecipe): readonly RenderedFile[] {
  const places = recipe.files.map(({ path }) => `files${path}`);
  const template = [
    '# Made by `runtide image`; the files folder belongs to it. To build:',
    '#   packer init . && packer build -var region=REGION .',
    '',
    'packer {',
    '  required_plugins {',
    '    amazon = {',
    '      version = ">= 1.2.8"',
    '      source  = "github.com/hashicorp/amazon"',
    '    }',
    '  }',
    '}',
    '',
    variable('region', 'AWS region that the image is built in'),
    variable('instance_type', 'Type that the image is built on', recipe.platform.buildType),
    variable('subnet_id', 'Subnet with a way out to the network; empty: one of the default VPC', ''),
    variable('instance_profile', 'Instance profile of the build, which images in ECR need; empty: none', ''),
    variable(
      'ssh_interface',
      'Where Packer reaches the machine: public_ip, private_ip, session_manager',
      'public_ip',
    ),
    variable('volume_size', 'Size of the root volume, in GiB', '20'),
    variable('kms_key_id', 'KMS key of the root volume; empty: the default key of the account', ''),
    source(recipe),
    build(recipe.files, places),
  ].join('\n');
  return [
    { path: 'runtide.pkr.hcl', text: template },
    ...recipe.files.map(({ text }, index) => ({ path: places[index] ?? '', text })),
  ];
}
