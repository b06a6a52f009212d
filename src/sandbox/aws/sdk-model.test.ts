import { describe, expect, it } from 'vitest';
import { mistakesInAnswer } from '../../../test/support/sdk-model.ts';

function answer(members: string): readonly string[] {
  const xml = `<?xml version="1.0"?>\n<GetConsoleOutputResponse xmlns="x"><requestId>r</requestId>${members}</GetConsoleOutputResponse>`;
  return mistakesInAnswer('GetConsoleOutput', xml);
}

function listing(instance: string): readonly string[] {
  const items = `<reservationSet><item><instancesSet><item>${instance}</item></instancesSet></item></reservationSet>`;
  return mistakesInAnswer(
    'DescribeInstances',
    `<DescribeInstancesResponse><requestId>r</requestId>${items}</DescribeInstancesResponse>`,
  );
}

const path = 'DescribeInstancesResponse/reservationSet/item/instancesSet/item';

describe("the check against the SDK's model", () => {
  it('passes what the SDK knows', () => {
    expect(answer('<timestamp>2026-01-05T08:00:00.000Z</timestamp><output>eA==</output>')).toEqual([]);
    expect(listing('<amiLaunchIndex>0</amiLaunchIndex><ebsOptimized>true</ebsOptimized><tagSet/>')).toEqual(
      [],
    );
  });

  it('finds unknown elements at any depth', () => {
    expect(answer('<Output>eA==</Output>')).toEqual(['GetConsoleOutputResponse/Output: unknown element']);
    expect(listing('<state>running</state>')).toEqual([`${path}/state: unknown element`]);
    expect(listing('<tagSet><member/></tagSet>')).toEqual([`${path}/tagSet/member: unknown element`]);
  });

  it('finds values of the wrong type', () => {
    expect(answer('<timestamp>yesterday</timestamp>')).toEqual([
      "GetConsoleOutputResponse/timestamp: 'yesterday' is no time",
    ]);
    expect(listing('<amiLaunchIndex>0.5</amiLaunchIndex>')).toEqual([
      `${path}/amiLaunchIndex: '0.5' is no integer`,
    ]);
    expect(listing('<ebsOptimized>yes</ebsOptimized>')).toEqual([
      `${path}/ebsOptimized: 'yes' is no boolean`,
    ]);
    expect(listing('<placement>here</placement>')).toEqual([`${path}/placement: text in a structure`]);
    expect(listing('<imageId><a/></imageId>')).toEqual([
      `${path}/imageId: elements where a value is expected`,
    ]);
    expect(listing('<imageId>a</imageId><imageId>b</imageId>')).toEqual([`${path}: imageId twice`]);
  });

  it('finds a wrong root, a missing request id and broken XML', () => {
    expect(
      mistakesInAnswer('CreateTags', '<CreateTagsResult><return>true</return></CreateTagsResult>'),
    ).toEqual(['CreateTagsResult: expected CreateTagsResponse', 'CreateTagsResult: needs one requestId']);
    expect(() => mistakesInAnswer('CreateTags', '<a><b></a></b>')).toThrow('not well-formed');
    expect(() => mistakesInAnswer('CreateTags', '<a>x & y</a>')).toThrow('not well-formed');
    expect(() => mistakesInAnswer('CreateTags', '<a/> <')).toThrow('not well-formed');
    expect(() => mistakesInAnswer('MakeCoffee', '<a/>')).toThrow('no such operation');
  });
});
