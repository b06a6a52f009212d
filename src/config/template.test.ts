import { describe, expect, it } from 'vitest';
import { isWholeReference, parseTemplate } from './template.ts';

const A = { source: 'env', name: 'A' };

describe('parseTemplate', () => {
  it.each([
    ['', []],
    ['plain $5 {x}', ['plain $5 {x}']],
    ['${env:A}', [A]],
    ['a${env:A}b${env:A}', ['a', A, 'b', A]],
    ['${file:../token file}', [{ source: 'file', name: '../token file' }]],
    ['${ssm:/a/b}', [{ source: 'ssm', name: '/a/b' }]],
    ['$${env:A}', ['${', 'env:A}']],
    ['$${${env:A}', ['${', A]],
  ])('takes %j apart', (text, pieces) => {
    expect(parseTemplate(text)).toEqual(pieces);
  });

  it.each([
    '${A}',
    '${env:}',
    '${env:A',
    '${env:a-b}',
    '${env:1A}',
    '${vault:x}',
    '${',
    '${file:}',
    'x ${env:{}}',
  ])('refuses %j', (text) => {
    expect(parseTemplate(text)).toBeUndefined();
  });
});

describe('isWholeReference', () => {
  it.each([
    ['${env:A}', true],
    ['${ssm:/a}', true],
    ['x${env:A}', false],
    ['${env:A}${env:A}', false],
    ['$${env:A}', false],
    ['${A}', false],
    ['plain', false],
  ])('says of %j: %s', (text, expected) => {
    expect(isWholeReference(text)).toBe(expected);
  });
});
