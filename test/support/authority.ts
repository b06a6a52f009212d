import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';

/** For tests: a server's certificate and its key, in PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** For tests: a certificate authority that nobody knows, and identities of 127.0.0.1 that it has signed. */
export interface Authority {
  /** Its certificate, in PEM. */
  readonly certificate: string;
  identity(names?: { readonly ip?: string }): Identity;
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const long = length < 0x1_00 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...(length < 0x80 ? [length] : long)]), content]);
}

const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts);
const octets = (content: Uint8Array) => der(0x04, content);
const bits = (content: Uint8Array) => der(0x03, Buffer.from([0]), content);
const number = (value: number) => der(0x02, Buffer.from([value]));
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const day = (yymmdd: string) => der(0x17, Buffer.from(`${yymmdd}000000Z`));
const TRUE = der(0x01, Buffer.from([0xff]));

const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));
const COMMON_NAME = oid('550403');
const BASIC_CONSTRAINTS = oid('551d13');
const SUBJECT_ALT_NAME = oid('551d11');

function named(name: string): Buffer {
  return sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(name)))));
}

function pem(label: string, content: Uint8Array): string {
  const lines = Buffer.from(content)
    .toString('base64')
    .match(/.{1,64}/g);
  return `-----BEGIN ${label}-----\n${(lines ?? []).join('\n')}\n-----END ${label}-----\n`;
}

interface Wish {
  readonly serial: number;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly extension: Uint8Array;
}

function certificateBy(
  name: string,
  issuer: KeyObject,
  { serial, subject, publicKey, extension }: Wish,
): string {
  const signed = sequence(
    der(0xa0, number(2)),
    number(serial),
    ECDSA_WITH_SHA256,
    named(name),
    sequence(day('200101'), day('491231')),
    named(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension)),
  );
  return pem('CERTIFICATE', sequence(signed, ECDSA_WITH_SHA256, bits(sign('sha256', signed, issuer))));
}

/** For tests: a new authority. Node makes keys and signs, but writes no certificates. */
export function newAuthority(): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = `An authority of a test ${randomUUID()}`;
  return {
    certificate: certificateBy(name, own.privateKey, {
      serial: 1,
      subject: name,
      publicKey: own.publicKey,
      extension: sequence(BASIC_CONSTRAINTS, TRUE, octets(sequence(TRUE))),
    }),
    identity: ({ ip = '127.0.0.1' } = {}) => {
      const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const address = der(0x87, Buffer.from(ip.split('.').map(Number)));
      return {
        cert: certificateBy(name, own.privateKey, {
          serial: 2,
          subject: 'A server of a test',
          publicKey: server.publicKey,
          extension: sequence(SUBJECT_ALT_NAME, octets(sequence(address))),
        }),
        key: String(server.privateKey.export({ type: 'pkcs8', format: 'pem' })),
      };
    },
  };
}
